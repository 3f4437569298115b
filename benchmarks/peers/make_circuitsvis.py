"""The heads of one layer in CircuitsVis, which has no view of several."""

import circuitsvis
from maker import main

main({"head": lambda attentions, tokens: circuitsvis.attention.attention_heads(attentions[0][0], tokens)})
