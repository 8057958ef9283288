// Image networks: blocks, each of which takes a feature map `[C, H, W]` and gives one, and behind them
// whole networks, which take an image and give a number for each class.

/// A convolution, batch normalisation and relu: the row that most image networks are made of.
///
/// Ioffe and Szegedy 2015, Batch normalization: accelerating deep network training by reducing
/// internal covariate shift.
///
/// ```dlm
/// use std.vision: ConvBlock
///
/// model Net(image: [3, 32, 32]) {
///     image -> ConvBlock(32) -> ConvBlock(64, stride = 2) -> global_avg_pool -> dense(10)
/// }
/// ```
layer ConvBlock(x: [C, H, W], channels: int = C, kernel: int = 3, stride: int = 1) {
    assert channels > 0, "channels is {channels}, it must be positive"
    assert kernel > 0, "kernel is {kernel}, it must be positive"
    assert stride > 0, "stride is {stride}, it must be positive"
    x -> conv(channels, kernel, stride = stride, bias = false) -> batch_norm -> relu
}

/// Two 3×3 convolutions and a skip connection.
///
/// Where the stride or the channels change, the skip is a 1×1 convolution.
///
/// He, Zhang, Ren and Sun 2015, Deep residual learning for image recognition.
///
/// ```dlm
/// use std.vision: ConvBlock, ResidualBlock
///
/// model Net(image: [3, 32, 32]) {
///     image -> ConvBlock(16) -> repeat 3 { ResidualBlock(16) }
///         -> ResidualBlock(32, stride = 2) -> global_avg_pool -> dense(10)
/// }
/// ```
layer ResidualBlock(x: [C, H, W], channels: int = C, stride: int = 1) {
    assert channels > 0, "channels is {channels}, it must be positive"
    assert stride > 0, "stride is {stride}, it must be positive"
    main = x -> conv(channels, 3, stride = stride, bias = false) -> batch_norm -> relu
             -> conv(channels, 3, bias = false) -> batch_norm
    skip = if stride == 1 and channels == C { x }
           else { x -> conv(channels, 1, stride = stride, bias = false) -> batch_norm }
    main + skip -> relu
}

/// A residual block with a waist: 1×1 down to `width` channels, 3×3 there, 1×1 up to `expansion * width`.
///
/// It costs about as much as a `ResidualBlock` of `width` channels and carries `expansion` times as
/// many. The stride is in the 3×3 convolution.
///
/// He, Zhang, Ren and Sun 2015, Deep residual learning for image recognition.
///
/// ```dlm
/// use std.vision: Bottleneck, ConvBlock
///
/// model Net(image: [3, 32, 32]) {
///     image -> ConvBlock(64) -> Bottleneck(32)
///         -> repeat 2 { Bottleneck(32) } -> global_avg_pool -> dense(10)
/// }
/// ```
layer Bottleneck(x: [C, H, W], width: int, stride: int = 1, expansion: int = 4) {
    assert width > 0, "width is {width}, it must be positive"
    assert stride > 0, "stride is {stride}, it must be positive"
    assert expansion > 0, "expansion is {expansion}, it must be positive"
    main = x -> conv(width, 1, bias = false) -> batch_norm -> relu
             -> conv(width, 3, stride = stride, bias = false) -> batch_norm -> relu
             -> conv(expansion * width, 1, bias = false) -> batch_norm
    skip = if stride == 1 and expansion * width == C { x }
           else { x -> conv(expansion * width, 1, stride = stride, bias = false) -> batch_norm }
    main + skip -> relu
}

/// A depthwise convolution, then a 1×1 convolution across channels.
///
/// With a 3×3 kernel it needs about an eighth of the multiply-adds of `ConvBlock`.
///
/// Howard et al. 2017, MobileNets: efficient convolutional neural networks for mobile vision applications.
///
/// ```dlm
/// use std.vision: ConvBlock, SeparableConv
///
/// model Net(image: [3, 32, 32]) {
///     image -> ConvBlock(32) -> SeparableConv(64)
///         -> SeparableConv(128, stride = 2) -> global_avg_pool -> dense(10)
/// }
/// ```
layer SeparableConv(x: [C, H, W], channels: int = C, kernel: int = 3, stride: int = 1) {
    assert channels > 0, "channels is {channels}, it must be positive"
    assert kernel > 0, "kernel is {kernel}, it must be positive"
    assert stride > 0, "stride is {stride}, it must be positive"
    x -> depthwise_conv(kernel, stride = stride, bias = false) -> batch_norm -> relu
      -> conv(channels, 1, bias = false) -> batch_norm -> relu
}

/// The block of MobileNet V2: 1×1 up to `expand * C` channels, depthwise 3×3, 1×1 down, with a skip
/// connection where shapes agree and no activation at the narrow end.
///
/// Sandler et al. 2018, MobileNetV2: inverted residuals and linear bottlenecks.
///
/// ```dlm
/// use std.vision: ConvBlock, InvertedResidual
///
/// model Net(image: [3, 32, 32]) {
///     image -> ConvBlock(16) -> InvertedResidual(24, stride = 2)
///         -> repeat 2 { InvertedResidual(24) } -> global_avg_pool -> dense(10)
/// }
/// ```
layer InvertedResidual(x: [C, H, W], channels: int = C, stride: int = 1, expand: int = 6) {
    assert channels > 0, "channels is {channels}, it must be positive"
    assert stride > 0, "stride is {stride}, it must be positive"
    assert expand > 0, "expand is {expand}, it must be positive"
    main = x
        -> if expand > 1 { conv(expand * C, 1, bias = false) -> batch_norm -> relu6 }
        -> depthwise_conv(3, stride = stride, bias = false) -> batch_norm -> relu6
        -> conv(channels, 1, bias = false) -> batch_norm
    if stride == 1 and channels == C { main + x } else { main }
}

/// Weighs channels by what the whole image shows: the mean of each channel goes through two dense
/// layers, and the result, between 0 and 1, multiplies the channel.
///
/// `ratio` is how much narrower the inner layer is; it must divide the channels. The paper uses 16
/// in networks of hundreds of channels.
///
/// Hu, Shen and Sun 2017, Squeeze-and-excitation networks.
///
/// ```dlm
/// use std.vision: ConvBlock, SqueezeExcite
///
/// model Net(image: [3, 32, 32]) {
///     image -> ConvBlock(32) -> SqueezeExcite -> ConvBlock(64)
///         -> SqueezeExcite(ratio = 8) -> global_avg_pool -> dense(10)
/// }
/// ```
layer SqueezeExcite(x: [C, H, W], ratio: int = 4) {
    assert ratio > 0, "ratio is {ratio}, it must be positive"
    assert ratio <= C,
        "ratio is {ratio}, which is more than the {C} channels: nothing would be left"
    gate = x -> global_avg_pool -> dense(C / ratio) -> relu -> dense(C) -> sigmoid
             -> reshape([C, 1, 1])
    x * gate
}

/// The block of ConvNeXt: a depthwise convolution with a large window, layer normalisation over the
/// channels of each pixel, 1×1 up to `ratio * C` channels, gelu, 1×1 down, a learned factor for each
/// channel, and a skip connection around all of it.
///
/// The factors start at `init`, so that at first the block hardly changes what passes. The stochastic
/// depth of the paper is left out.
///
/// Liu et al. 2022, A ConvNet for the 2020s.
///
/// ```dlm
/// use std.vision: ConvNeXtBlock
///
/// model Net(image: [3, 32, 32]) {
///     image -> conv(32, 2, stride = 2) -> layer_norm(axis = 0)
///         -> repeat 3 { ConvNeXtBlock } -> global_avg_pool -> dense(10)
/// }
/// ```
layer ConvNeXtBlock(x: [C, H, W], kernel: int = 7, ratio: int = 4, init: real = 1e-6) {
    assert kernel > 0, "kernel is {kernel}, it must be positive"
    assert ratio > 0, "ratio is {ratio}, it must be positive"
    main = x -> depthwise_conv(kernel) -> layer_norm(1e-6, axis = 0)
             -> conv(ratio * C, 1) -> gelu -> conv(C, 1) -> scale(init)
    x + main
}

/// A stage of ConvNeXt: half the height and width, twice the channels, then `depth` blocks.
///
/// Liu et al. 2022, A ConvNet for the 2020s.
///
/// ```dlm
/// use std.vision: ConvNeXtStage
///
/// model Net(image: [3, 32, 32]) {
///     image -> conv(16, 3) -> repeat depth in [2, 2] { ConvNeXtStage(depth) }
///         -> global_avg_pool -> dense(10)
/// }
/// ```
layer ConvNeXtStage(x: [C, H, W], depth: int) {
    assert depth >= 0, "depth is {depth}, it must not be negative"
    x -> layer_norm(1e-6, axis = 0) -> conv(2 * C, 2, stride = 2, padding = valid)
      -> repeat depth { ConvNeXtBlock }
}

/// Blocks of MobileNet V2 in a row, the first of them with the stride. The channels are rounded to a
/// multiple of 8, by at most a tenth downwards, as the authors' code does.
///
/// Sandler et al. 2018, MobileNetV2: inverted residuals and linear bottlenecks.
///
/// ```dlm
/// use std.vision: ConvBlock, InvertedResidualStage
///
/// model Net(image: [3, 32, 32]) {
///     image -> ConvBlock(16) -> InvertedResidualStage(0.75 * 24, 2, stride = 2)
///         -> global_avg_pool -> dense(10)
/// }
/// ```
layer InvertedResidualStage(
    x: [C, H, W],
    channels: real,
    depth: int,
    stride: int = 1,
    expand: int = 6
) {
    assert channels > 0, "channels is {channels}, it must be positive"
    assert depth > 0, "depth is {depth}, it must be positive"
    near = max(8, 8 * floor(channels / 8 + 0.5))
    wide = if near < 0.9 * channels { near + 8 } else { near }
    x -> InvertedResidual(wide, stride, expand)
      -> repeat depth - 1 { InvertedResidual(wide, expand = expand) }
}

/// MobileNet V2: 17 inverted residual blocks, for little computation. It gives `classes` numbers.
///
/// `width` multiplies the channels of all blocks, rounded to multiples of 8. The network halves an
/// image five times; for images much smaller than 224×224 give `stride = 1`, with which the first
/// convolution does not.
///
/// Of images of 224×224 in colour and 1,000 classes it has 3,504,872 parameters and takes 301 million
/// multiply-adds.
///
/// Sandler et al. 2018, MobileNetV2: inverted residuals and linear bottlenecks.
///
/// ```dlm
/// use std.vision: MobileNetV2
///
/// data Digits { source = builtin("digits") }
///
/// train MobileNetV2(classes = Digits.classes, width = 0.5, stride = 1) on Digits
/// ```
model MobileNetV2(
    image: [C, H, W],
    classes: int,
    width: real = 1.0,
    stride: int = 2,
    drop: real = 0.2
) {
    assert classes > 0, "classes is {classes}, it must be positive"
    assert width > 0, "width is {width}, it must be positive"
    assert stride > 0, "stride is {stride}, it must be positive"
    near = max(8, 8 * floor(4 * width + 0.5))
    first = if near < 0.9 * 32 * width { near + 8 } else { near }
    last = 8 * floor(160 * max(1, width) + 0.5)
    // For each stage: by how much its blocks expand, channels, blocks, stride.
    stages = [
        [1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2],
        [6, 320, 1, 1]
    ]
    image
        -> conv(first, 3, stride = stride, bias = false) as stem -> batch_norm -> relu6
        -> repeat row in stages {
               InvertedResidualStage(width * row[1], row[2], stride = row[3], expand = row[0])
           } as stage
        -> conv(last, 1, bias = false) -> batch_norm -> relu6
        -> global_avg_pool -> dropout(drop) -> dense(classes) as head
}

/// A residual network, in both forms of its paper. It gives `classes` numbers.
///
/// For small images, up to about 64×64: `depth` layers, which is 6n + 2 (8, 14, 20, 32, 44, 56, 110), in
/// three stages of `width`, twice and four times as many channels. `ResNet(10)` has depth 20: for
/// CIFAR-10 272,474 parameters and 41 million multiply-adds. Where the size changes the skip is a 1×1
/// convolution, not padding with zeros.
///
/// For large images: `depths` says how many blocks each of four stages has, behind a 7×7 convolution
/// and pooling. `depths = [2, 2, 2, 2]` is ResNet-18 and `[3, 4, 6, 3]` ResNet-34; with `bottleneck =
/// true` `[3, 4, 6, 3]` is ResNet-50 and `[3, 4, 23, 3]` ResNet-101. Of 224×224 in colour and 1,000 classes
/// ResNet-18 has 11,689,512 parameters and 1.81 billion multiply-adds, ResNet-50 25,557,032 and 4.09.
///
/// He, Zhang, Ren and Sun 2015, Deep residual learning for image recognition, §4.1 and §4.2.
///
/// ```dlm
/// use std.vision: ResNet
///
/// data Digits { source = builtin("digits") }
///
/// train ResNet(classes = Digits.classes, depth = 8) on Digits
/// ```
model ResNet(
    image: [C, H, W],
    classes: int,
    depth: int = 20,
    depths: list = [],
    bottleneck: bool = false,
    width: int = if len(depths) == 0 { 16 } else { 64 }
) {
    small = len(depths) == 0
    n = floor((depth - 2) / 6.0)
    assert classes > 0, "classes is {classes}, it must be positive"
    assert width > 0, "width is {width}, it must be positive"
    assert not small or depth > 2 and depth == 6 * n + 2,
        "depth is {depth}, it must be 6n + 2: 8, 14, 20, 32, 44, 56, 110; others are given by `depths`"
    assert not small or not bottleneck,
        "bottleneck needs `depths`, the blocks of each stage: `depths = [3, 4, 6, 3]`"
    assert small or len(depths) == 4 and min(depths[0], depths[1], depths[2], depths[3]) > 0,
        "depths is {depths}, it must be the blocks of four stages: `depths = [2, 2, 2, 2]`"
    // For each stage: blocks, channels, stride.
    stages = if small { [[n, width, 1], [n, 2 * width, 2], [n, 4 * width, 2]] }
             else {
                 [
                     [depths[0], width, 1], [depths[1], 2 * width, 2], [depths[2], 4 * width, 2],
                     [depths[3], 8 * width, 2]
                 ]
             }
    image
        -> if small { conv(width, 3, bias = false) -> batch_norm -> relu }
           else {
               // What arrives at the pooling is not negative: a border of zeros changes nothing.
               conv(width, 7, stride = 2, bias = false) -> batch_norm -> relu
                                                        -> pad(1) -> max_pool(3, stride = 2)
           }
        -> repeat row in stages {
               if bottleneck {
                   Bottleneck(row[1], row[2]) -> repeat row[0] - 1 { Bottleneck(row[1]) }
               } else {
                   ResidualBlock(row[1], row[2]) -> repeat row[0] - 1 { ResidualBlock(row[1]) }
               }
           } as stage
        -> global_avg_pool -> dense(classes) as head
}

/// ConvNeXt: a convolutional network built as vision transformers are. It gives `classes` numbers.
///
/// The image is cut into squares of `patch` pixels; each further stage halves the map and doubles the
/// channels, of which the first has `width`. `depths` says how many blocks each stage has. As given it is
/// ConvNeXt-T: of images of 224×224 in colour and 1,000 classes it has 28,589,128 parameters and takes 4.46
/// billion multiply-adds. For small images make it smaller: `patch = 1, width = 32, depths = [2, 2, 2]`.
///
/// Liu et al. 2022, A ConvNet for the 2020s.
///
/// ```dlm
/// use std.vision: ConvNeXt
///
/// data Digits { source = builtin("digits") }
///
/// train ConvNeXt(classes = Digits.classes, depths = [2, 2], width = 16, patch = 1) on Digits
/// ```
model ConvNeXt(
    image: [C, H, W],
    classes: int,
    depths: list = [3, 3, 9, 3],
    width: int = 96,
    patch: int = 4
) {
    assert classes > 0, "classes is {classes}, it must be positive"
    assert width > 0, "width is {width}, it must be positive"
    assert patch > 0, "patch is {patch}, it must be positive"
    assert len(depths) > 0, "depths is empty, it must say how many blocks each stage has"
    image
        -> conv(width, patch, stride = patch, padding = valid) as stem -> layer_norm(1e-6, axis = 0)
        -> repeat depths[0] { ConvNeXtBlock } as first
        -> repeat i in 1..len(depths) { ConvNeXtStage(depths[i]) } as stage
        -> global_avg_pool -> layer_norm(1e-6) -> dense(classes) as head
}
