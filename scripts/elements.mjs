// What the bundle writes JSX as.
export { Fragment as jsxFragment, h as jsxElement } from "preact";
