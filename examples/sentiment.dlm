// Whether a sentence of a review is kind or not (Kotzias et al. 2015): words become vectors, a recurrent network reads
// them, and the strongest of what it says at each word counts. What pads short sentences is not looked at.
//
//     dlm run examples/sentiment.dlm
//     dlm predict examples/sentiment.dlm Reader "The food was great, the service even better."
data Reviews {
    source = lines(
        "data/sentiment/imdb.txt",
        "data/sentiment/amazon_cells.txt",
        "data/sentiment/yelp.txt",
        separator = "\t",
        target = 1,
        tokens = word(vocabulary = 4000),
        length = 40
    )
    test   = 10%
}

model Reader(words: int[40]) {
    words
        -> embedding(Reviews.tokens, 64) -> dropout(0.5)
        -> gru(64, sequence = true, mask = words)
        -> transpose([1, 0]) -> global_max_pool -> dropout(0.5)
        -> dense(Reviews.classes)
}

train Reader on Reviews {
    optimizer = adamw(lr = 1e-3, weight_decay = 0.1)
    epochs    = 10
    batch     = 32
    keep_best = true
    clip      = 1
    seed      = 1
}

expect {
    Reader.accuracy >= 76%
}
