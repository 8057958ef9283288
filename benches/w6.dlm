// W6: a causal transformer on characters: 4 blocks of 128 features and 4 heads, 64 tokens, batch 32, AdamW.
// What costs here are products.
use std.sequence: TransformerBlock

data Plays {
    source = text("../examples/data/tinyshakespeare.txt", context = 64)
    valid  = 64 samples
    test   = 64 samples
    limit  = 640
}

model Writer(tokens: int[64]) {
    tokens
        -> embedding(Plays.tokens, 128) -> positional
        -> repeat 4 { TransformerBlock(heads = 4, drop = 0.0, causal = true) }
        -> layer_norm -> dense(Plays.tokens)
}

train Writer on Plays {
    optimizer = adamw(lr = 1e-3)
    epochs    = 3
    batch     = 32
}
