// Blocks of image networks. Every block takes a feature map `[C, H, W]` and gives one.

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
