// Networks of sequences. Features come as `[time, features]`, `TemporalConvBlock` takes
// `[channels, time]`. A `mask`, which need not be given, is 0 where there is padding.

/// Attention and a feed-forward network over each moment, both with a skip connection.
///
/// `heads` divides the features, `ratio` is how much wider the feed-forward network is, `drop` the share
/// that dropout drops. `norm = "pre"` normalises what enters attention and feed-forward network, as most do
/// today; `norm = "post"` normalises behind each sum, as the paper does. `causal = true` hides later moments.
///
/// Vaswani et al. 2017, Attention is all you need; Xiong et al. 2020, On layer normalization in the
/// transformer architecture.
///
/// ```dlm
/// use std.sequence: TransformerBlock
///
/// model Net(x: [32, 24]) {
///     x -> positional -> repeat 2 { TransformerBlock(4, drop = 0.0) } -> mean(0) -> dense(10)
/// }
/// ```
layer TransformerBlock(
    x: [T, D],
    heads: int,
    ratio: int = 4,
    drop: real = 0.1,
    causal: bool = false,
    norm: string = "pre",
    mask: int[T] = none
) {
    assert ratio > 0, "ratio is {ratio}, it must be positive"
    assert drop >= 0, "drop is {drop}, it must not be negative"
    assert norm == "pre" or norm == "post", "norm is {norm}, it must be pre or post"
    pre = norm == "pre"
    seen = x -> if pre { layer_norm } -> attention(heads, causal = causal, mask = mask)
             -> if drop > 0 { dropout(drop) }
    mixed = x + seen -> if not pre { layer_norm }
    made = mixed -> if pre { layer_norm }
                 -> dense(ratio * D) -> gelu -> if drop > 0 { dropout(drop) }
                 -> dense(D) -> if drop > 0 { dropout(drop) }
    mixed + made -> if not pre { layer_norm }
}

/// Positions, then `depth` transformer blocks, and with `norm = "pre"` a last normalisation.
///
/// `positions` are `"learned"`, `"sinusoidal"`, or `"none"` where what comes has them already. With
/// `causal = true` it is a network of the kind of GPT, which says at each moment what follows.
///
/// Vaswani et al. 2017, Attention is all you need.
///
/// ```dlm
/// use std.sequence: Encoder
///
/// model Net(tokens: int[32]) {
///     tokens -> embedding(1000, 24) -> Encoder(2, heads = 4, mask = tokens) -> mean(0) -> dense(2)
/// }
/// ```
layer Encoder(
    x: [T, D],
    depth: int,
    heads: int,
    ratio: int = 4,
    drop: real = 0.1,
    causal: bool = false,
    norm: string = "pre",
    positions: string = "learned",
    mask: int[T] = none
) {
    assert depth > 0, "depth is {depth}, it must be positive"
    assert positions == "learned" or positions == "sinusoidal" or positions == "none",
        "positions is {positions}, it must be learned, sinusoidal or none"
    x
        -> if positions == "learned" { positional }
        -> if positions == "sinusoidal" { positional(kind = sinusoidal) }
        -> repeat depth { TransformerBlock(heads, ratio, drop, causal, norm, mask = mask) } as block
        -> if norm == "pre" { layer_norm }
}

/// A transformer block that also looks at `memory`, what an encoder has made of another sequence: causal
/// attention to itself, attention to the memory, a feed-forward network, each with a skip connection.
///
/// `mask` hides padding of its own sequence, `memory_mask` that of the memory.
///
/// Vaswani et al. 2017, Attention is all you need.
///
/// ```dlm
/// use std.sequence: DecoderBlock, Encoder
///
/// model Net(x: [32, 24]) {
///     memory = x -> Encoder(1, heads = 4)
///     x -> DecoderBlock(memory, heads = 4) -> dense(10)
/// }
/// ```
layer DecoderBlock(
    x: [T, D],
    memory: [M, D],
    heads: int,
    ratio: int = 4,
    drop: real = 0.1,
    norm: string = "pre",
    mask: int[T] = none,
    memory_mask: int[M] = none
) {
    assert ratio > 0, "ratio is {ratio}, it must be positive"
    assert drop >= 0, "drop is {drop}, it must not be negative"
    assert norm == "pre" or norm == "post", "norm is {norm}, it must be pre or post"
    pre = norm == "pre"
    seen = x -> if pre { layer_norm } -> attention(heads, causal = true, mask = mask)
             -> if drop > 0 { dropout(drop) }
    mixed = x + seen -> if not pre { layer_norm }
    told = mixed -> if pre { layer_norm } -> attention(heads, memory = memory, mask = memory_mask)
                 -> if drop > 0 { dropout(drop) }
    joined = mixed + told -> if not pre { layer_norm }
    made = joined -> if pre { layer_norm }
                  -> dense(ratio * D) -> gelu -> if drop > 0 { dropout(drop) }
                  -> dense(D) -> if drop > 0 { dropout(drop) }
    joined + made -> if not pre { layer_norm }
}

/// Positions, then `depth` decoder blocks that look at `memory`, and with `norm = "pre"` a last
/// normalisation.
///
/// Vaswani et al. 2017, Attention is all you need.
///
/// ```dlm
/// use std.sequence: Decoder, Encoder
///
/// model Translator(source: int[20], target: int[16]) {
///     memory = source -> embedding(500, 24) -> Encoder(2, heads = 4, mask = source)
///     target -> embedding(600, 24) -> Decoder(memory, 2, heads = 4, memory_mask = source) -> dense(600)
/// }
/// ```
layer Decoder(
    x: [T, D],
    memory: [M, D],
    depth: int,
    heads: int,
    ratio: int = 4,
    drop: real = 0.1,
    norm: string = "pre",
    positions: string = "learned",
    mask: int[T] = none,
    memory_mask: int[M] = none
) {
    assert depth > 0, "depth is {depth}, it must be positive"
    assert positions == "learned" or positions == "sinusoidal" or positions == "none",
        "positions is {positions}, it must be learned, sinusoidal or none"
    x
        -> if positions == "learned" { positional }
        -> if positions == "sinusoidal" { positional(kind = sinusoidal) }
        -> repeat depth {
               DecoderBlock(
                   memory,
                   heads,
                   ratio,
                   drop,
                   norm,
                   mask = mask,
                   memory_mask = memory_mask
               )
           } as block
        -> if norm == "pre" { layer_norm }
}

/// Two gated recurrent units beside each other, one from the beginning and one from the end: `2 * units`
/// features, of the last states, or with `sequence = true` of every moment.
///
/// Schuster and Paliwal 1997, Bidirectional recurrent neural networks; Cho et al. 2014.
///
/// ```dlm
/// use std.sequence: BidirectionalGru
///
/// model Net(x: [50, 8]) {
///     x -> BidirectionalGru(16, sequence = true) -> BidirectionalGru(16) -> dense(4)
/// }
/// ```
layer BidirectionalGru(x: [T, D], units: int, sequence: bool = false, mask: int[T] = none) {
    assert units > 0, "units is {units}, it must be positive"
    forwards = x -> gru(units, sequence = sequence, mask = mask)
    backwards = x -> gru(units, sequence = sequence, reverse = true, mask = mask)
    concat(forwards, backwards, axis = -1)
}

/// Two convolutions along time that look at what was before alone, each with relu and dropout, and a skip
/// connection. It takes `[channels, time]`.
///
/// The padding at the end is cut off again, so that no moment sees a later one. In a row of blocks the
/// dilation doubles: 1, 2, 4. Where the channels change, the skip is a convolution of one moment. The
/// weight normalisation of the paper is left out.
///
/// Bai, Kolter and Koltun 2018, An empirical evaluation of generic convolutional and recurrent networks
/// for sequence modeling.
///
/// ```dlm
/// use std.sequence: TemporalConvBlock
///
/// model Net(signal: [3, 64]) {
///     signal -> repeat d in [1, 2, 4] { TemporalConvBlock(16, dilation = d) } -> mean(1) -> dense(5)
/// }
/// ```
layer TemporalConvBlock(
    x: [C, T],
    channels: int = C,
    kernel: int = 3,
    dilation: int = 1,
    drop: real = 0.2
) {
    assert channels > 0, "channels is {channels}, it must be positive"
    assert kernel > 0, "kernel is {kernel}, it must be positive"
    assert dilation > 0, "dilation is {dilation}, it must be positive"
    assert drop >= 0, "drop is {drop}, it must not be negative"
    before = dilation * (kernel - 1)
    main = x
        -> conv1d(channels, kernel, padding = before, dilation = dilation) -> slice(1, 0, T)
        -> relu -> if drop > 0 { dropout(drop) }
        -> conv1d(channels, kernel, padding = before, dilation = dilation) -> slice(1, 0, T)
        -> relu -> if drop > 0 { dropout(drop) }
    skip = if channels == C { x } else { x -> conv1d(channels, 1) }
    main + skip -> relu
}
