import type { WidgetModel } from "../../../js/widget/runtime.js";

type Callback = (...args: unknown[]) => void;

interface Listener {
  event: string;
  callback: Callback;
  context: object;
}

/** A widget's model as Jupyter hosts have it: one store of attributes, wrapped anew for every call into a widget. */
export class FakeModel {
  readonly #attributes: Record<string, unknown>;
  #listeners: Listener[] = [];
  #unsaved: Record<string, unknown> = {};
  /** What `save_changes` sent, a step each. */
  readonly steps: Record<string, unknown>[] = [];
  onSend: (content: unknown) => void = () => {};

  constructor(attributes: Record<string, unknown>) {
    this.#attributes = attributes;
  }

  get listenerCount(): number {
    return this.#listeners.length;
  }

  get(name: string): unknown {
    return this.#attributes[name];
  }

  /** As anywidget does: a new object each time, whose listeners go when its context goes. */
  wrapped(context: object): WidgetModel {
    return {
      get: (name) => this.#attributes[name],
      set: (name, value) => {
        this.#unsaved[name] = value;
        this.#assign({ [name]: value });
      },
      save_changes: () => {
        this.steps.push(this.#unsaved);
        this.#unsaved = {};
      },
      on: (event: string, callback: Callback) => {
        this.#listeners.push({ event, callback, context });
      },
      off: (event: string, callback: Callback) => {
        this.#drop((one) => one.event === event && one.callback === callback && one.context === context);
      },
      send: (content: unknown) => this.onSend(content),
    };
  }

  /** Drops all listeners of a context, as a host does when a view goes. */
  forget(context: object): void {
    this.#drop((one) => one.context === context);
  }

  /** Sets traits as a message from Python does: all of them, then one event each. */
  push(traits: Record<string, unknown>): void {
    this.#assign(traits);
  }

  deliver(content: unknown, buffers?: DataView[]): void {
    this.#tell("msg:custom", content, buffers);
  }

  #assign(traits: Record<string, unknown>): void {
    const changed = Object.keys(traits).filter((name) => this.#attributes[name] !== traits[name]);
    Object.assign(this.#attributes, traits);
    for (const name of changed) this.#tell(`change:${name}`);
  }

  #tell(event: string, ...args: unknown[]): void {
    for (const listener of [...this.#listeners]) if (listener.event === event) listener.callback(...args);
  }

  #drop(isMeant: (listener: Listener) => boolean): void {
    this.#listeners = this.#listeners.filter((listener) => !isMeant(listener));
  }
}
