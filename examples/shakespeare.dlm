// A small transformer that goes on with Shakespeare, character by character: 64 characters of context, four
// blocks of causal attention, and one table of vectors for what it reads and for what it says.
//
//     dlm run examples/shakespeare.dlm
//     dlm generate examples/shakespeare.dlm Writer "ROMEO:" --temperature 0.8
use std.sequence: TransformerBlock

size = 128

data Plays {
    source = text("data/tinyshakespeare.txt", context = 64, tokens = char)
    valid  = 2%
    test   = 10%
}

model Writer(tokens: int[64]) {
    tokens
        -> embedding(Plays.tokens, size, shared = table) -> positional
        -> repeat 4 { TransformerBlock(heads = 4, drop = 0.0, causal = true) }
        -> layer_norm -> dense(Plays.tokens, bias = false, shared = table)
}

train Writer on Plays {
    optimizer = adamw(lr = 2e-3, weight_decay = 0.05)
    schedule  = cosine(warmup = 100 steps, floor = 1e-4)
    epochs    = 1
    batch     = 12
    clip      = 1
}

expect {
    Writer.loss               <= 1.95
    Writer.bits_per_character <= 2.8
    Writer.params             <= 1_000_000
}
