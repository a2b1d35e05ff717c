using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Language;

/// <summary>
/// The loss of each sequence of a batch: the mean cross-entropy over its tokens that count, so that short and long ones weigh alike.
/// Logits (B, T, V), targets (B, T); a sequence all of whose targets are <see cref="NextTokenLoss.Ignored"/> does not count.
/// </summary>
public sealed class SequenceLoss : SampleLoss
{
    /// <inheritdoc/>
    public override Tensor PerSample(Tensor outputs, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(target);
        using var scope = NewDisposeScope();
        var each = nn.functional.cross_entropy(outputs.to(ScalarType.Float32).flatten(0, 1), target.flatten(), ignore_index: NextTokenLoss.Ignored, reduction: nn.Reduction.None);
        return each.view(target.shape).sum([1]).div(target.ne(NextTokenLoss.Ignored).sum([1]).clamp_min(1)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override bool[]? Counted(Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        using var scope = NewDisposeScope();
        var counted = target.ne(NextTokenLoss.Ignored).any(1);
        return counted.all().item<bool>() ? null : counted.cpu().data<bool>().ToArray();
    }

    /// <summary>As <see cref="SampleLoss.WithGradient"/>; on a CPU the gradient takes the place of the logits in their memory.</summary>
    public override (float[] Losses, Func<float[], Tensor> Gradient) WithGradient(Tensor outputs, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(target);
        if (outputs.device_type != TorchSharp.DeviceType.CPU || !outputs.is_contiguous())
            return base.WithGradient(outputs, target);
        var flat = target.contiguous();
        var (each, sums) = TokenCrossEntropy.Losses(outputs, flat, NextTokenLoss.Ignored);
        var ids = flat.data<long>().ToArray();
        var (batch, length) = ((int)target.shape[0], (int)target.shape[1]);
        var (losses, counts) = (new float[batch], new int[batch]);
        for (var i = 0; i < batch; i++)
        {
            var total = 0.0;
            for (var t = i * length; t < (i + 1) * length; t++)
                (total, counts[i]) = (total + each[t], counts[i] + (ids[t] == NextTokenLoss.Ignored ? 0 : 1));
            losses[i] = (float)(total / Math.Max(1, counts[i]));
        }
        return (losses, weights =>
        {
            var tokenWeights = new float[ids.Length];
            for (var i = 0; i < ids.Length; i++)
                tokenWeights[i] = ids[i] == NextTokenLoss.Ignored ? 0 : weights[i / length] / counts[i / length];
            TokenCrossEntropy.ToGradient(outputs, flat, sums, tokenWeights);
            return outputs;
        });
    }
}
