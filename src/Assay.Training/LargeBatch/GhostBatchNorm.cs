using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// Ghost Batch Normalisation (Hoffer, Hubara and Soudry 2017): in training a batch of B examples is split into k = ⌊B / b⌋ ghost batches of
/// about b examples, and each is normalised by its own mean and biased variance, y = γ(x − μ_g)/√(σ²_g + ε) + β with shared γ and β.
/// Running statistics are updated once for each ghost, in order, with the unbiased variance; evaluation is that of batch normalisation.
/// It keeps the noise of small-batch statistics in large-batch training.
/// </summary>
public static class GhostBatchNorm
{
    /// <summary>Normalises a batch in training.</summary>
    /// <param name="x">(B, C), (B, C, L), (B, C, H, W) or (B, C, D, H, W), of a floating-point type.</param>
    /// <param name="ghostSize">The examples of a ghost batch, b, 1 or more; at B or above this is batch normalisation.</param>
    /// <param name="weight">γ (C), or null for 1.</param>
    /// <param name="bias">β (C), or null for 0.</param>
    /// <param name="runningMean">The running mean (C), updated in place, or null.</param>
    /// <param name="runningVariance">The running variance (C), updated in place, or null.</param>
    /// <param name="momentum">The weight of a ghost in the running statistics, m.</param>
    /// <param name="epsilon">ε.</param>
    /// <returns>The normalised batch, of x's shape.</returns>
    /// <exception cref="ArgumentException">x is not floating-point, has no channel, or holds fewer than two values a channel.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The ghost size is not positive.</exception>
    public static Tensor Normalize(
        Tensor x, int ghostSize, Tensor? weight = null, Tensor? bias = null, Tensor? runningMean = null, Tensor? runningVariance = null, double momentum = 0.1, double epsilon = 1e-5)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ghostSize);
        if (!x.is_floating_point())
            throw new ArgumentException($"batch normalisation needs floating-point inputs, not {x.dtype}", nameof(x));
        if (x.dim() < 2)
            throw new ArgumentException($"a batch (B, C, …) was expected, not [{string.Join(", ", x.shape)}]", nameof(x));
        var layout = GhostLayout.Of(x.shape, ghostSize);
        using var scope = NewDisposeScope();
        var (y, mean, variance) = IsFused(x, weight, bias) ? Fused(x, layout, weight, bias, epsilon) : Composed(x, layout, weight, bias, epsilon);
        if (runningMean is not null && runningVariance is not null)
            UpdateRunning(layout, mean, variance, runningMean, runningVariance, momentum);
        return y.MoveToOuterDisposeScope();
    }

    private static bool IsFused(Tensor x, Tensor? weight, Tensor? bias) =>
        x.dtype == ScalarType.Float32 && x.device_type == TorchSharp.DeviceType.CPU && weight is null == bias is null
        && (weight is null || (DenseKernels.IsPlain(weight) && DenseKernels.IsPlain(bias!)));

    private static (Tensor Y, Tensor Mean, Tensor Variance) Fused(Tensor x, GhostLayout layout, Tensor? weight, Tensor? bias, double epsilon)
    {
        var mean = empty(layout.Ghosts, layout.Channels);
        var inverse = empty(layout.Ghosts, layout.Channels);
        var plain = x.contiguous();
        var call = new GhostCall(layout, mean, inverse, epsilon);
        var y = weight is null ? GhostFunction.apply(plain, call) : GhostFunction.apply(plain, call, weight, bias!);
        using var _ = no_grad();
        return (y, mean, inverse.square().reciprocal().sub(epsilon)); // biased σ² back from 1/√(σ² + ε)
    }

    // The same by torch operations: any type and device, twice differentiable.
    private static (Tensor Y, Tensor Mean, Tensor Variance) Composed(Tensor x, GhostLayout layout, Tensor? weight, Tensor? bias, double epsilon)
    {
        var (outputs, means, variances) = (new List<Tensor>(), new List<Tensor>(), new List<Tensor>());
        var last = layout.Rows(layout.Ghosts - 1);
        var isEven = last.Count == layout.Size;
        if (isEven || layout.Ghosts > 1)
            Part(0, isEven ? layout.Ghosts : layout.Ghosts - 1, layout.Size);
        if (!isEven)
            Part(last.Start, 1, last.Count);
        var y = cat(outputs, 0).view(layout.Batch, layout.Channels, layout.Inner);
        if (weight is not null)
            y = y * weight.view(1, -1, 1);
        if (bias is not null)
            y = y + bias.view(1, -1, 1);
        return (y.view(x.shape), cat(means, 0), cat(variances, 0));

        void Part(int start, int ghosts, int size)
        {
            var part = x.narrow(0, start, (long)ghosts * size).reshape(ghosts, size, layout.Channels, layout.Inner); // (k, b, C, S)
            var mean = part.mean([1, 3], keepdim: true);
            var centred = part - mean;
            var variance = centred.square().mean([1, 3], keepdim: true);
            outputs.Add((centred * (variance + epsilon).rsqrt()).reshape((long)ghosts * size, layout.Channels, layout.Inner));
            means.Add(mean.detach().reshape(ghosts, layout.Channels));
            variances.Add(variance.detach().reshape(ghosts, layout.Channels));
        }
    }

    // μ_run ← (1−m)^k μ_run + Σ_i (1−m)^{k−i} m μ_i, as k updates in order give.
    private static void UpdateRunning(GhostLayout layout, Tensor mean, Tensor variance, Tensor runningMean, Tensor runningVariance, double momentum)
    {
        using var _ = no_grad();
        var k = layout.Ghosts;
        var shares = new double[k];
        var corrected = new double[k];
        for (var i = 0; i < k; i++)
        {
            var n = (double)layout.Rows(i).Count * layout.Inner;
            shares[i] = momentum * Math.Pow(1 - momentum, k - 1 - i);
            corrected[i] = shares[i] * n / (n - 1);
        }
        var keep = Math.Pow(1 - momentum, k);
        Update(runningMean, mean, shares);
        Update(runningVariance, variance, corrected);

        void Update(Tensor running, Tensor values, double[] weights)
        {
            using var w = tensor(weights, dtype: values.dtype, device: values.device);
            using var added = w.view(1, -1).mm(values).view(-1);
            running.mul_(keep).add_(added.to(running.dtype));
        }
    }

    /// <summary>What a call of the fused function keeps for its backward pass besides tensors of the graph.</summary>
    private sealed record GhostCall(GhostLayout Layout, Tensor Mean, Tensor Inverse, double Epsilon);

    private sealed class GhostFunction : autograd.SingleTensorFunction<GhostFunction>
    {
        public override string Name => "ghost-batch-norm";

        public override Tensor forward(autograd.AutogradContext context, params object[] arguments)
        {
            var x = (Tensor)arguments[0];
            var call = (GhostCall)arguments[1];
            var weight = arguments.Length > 2 ? (Tensor)arguments[2] : null;
            var y = empty_like(x);
            GhostKernels.Forward(x, y, call.Layout, weight, arguments.Length > 2 ? (Tensor)arguments[3] : null, call.Epsilon, call.Mean, call.Inverse);
            context.save_for_backward(weight is null ? [x, call.Mean, call.Inverse] : [x, call.Mean, call.Inverse, weight]);
            context.save_data("layout", call.Layout);
            return y;
        }

        public override List<Tensor> backward(autograd.AutogradContext context, Tensor gradient)
        {
            var layout = (GhostLayout)context.get_data("layout");
            var saved = context.get_saved_variables();
            var weight = saved.Count > 3 ? saved[3] : null;
            using var _ = no_grad();
            var dy = gradient.contiguous();
            var dx = empty_like(saved[0]);
            var weightSums = empty(layout.Ghosts, layout.Channels);
            var biasSums = empty(layout.Ghosts, layout.Channels);
            GhostKernels.Backward(saved[0], dy, dx, layout, weight, saved[1], saved[2], weightSums, biasSums);
            return weight is null ? [dx, null!] : [dx, null!, weightSums.sum([0]), biasSums.sum([0])];
        }
    }
}
