using System.Runtime.Intrinsics;
using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// Lion (Chen et al. 2023): p ← (1 − ηλ)p − η·sign(β₁m + (1−β₁)g); m ← β₂m + (1−β₂)g. Every coordinate moves by the same amount.
/// </summary>
/// <param name="learningRate">η; about a third to a tenth of AdamW's.</param>
/// <param name="beta1">β₁, the interpolation for the step.</param>
/// <param name="beta2">β₂, the decay of the momentum.</param>
/// <param name="weightDecay">λ.</param>
[Method("lion", Kind = MethodKind.Optimizer)]
public sealed class Lion(double learningRate = 1e-4, double beta1 = 0.9, double beta2 = 0.99, double weightDecay = 0)
    : OptimizerSpec(learningRate, weightDecay)
{
    private readonly double beta1 = Fraction(beta1, nameof(beta1)), beta2 = Fraction(beta2, nameof(beta2));

    /// <inheritdoc/>
    public override OptimizerSpec WithLearningRate(double learningRate) => new Lion(learningRate, beta1, beta2, WeightDecay);

    internal override int StateCount => 1;

    internal override void StepSimd(Span<float> p, Span<float> g, Span<float> m, Span<float> v, double learningRate, long t, int threads) =>
        FusedUpdate.Run(new Rule((float)learningRate, (float)beta1, (float)beta2, (float)(1 - learningRate * WeightDecay)), p, g, m, v, threads);

    internal override void StepTorch(Tensor p, Tensor g, Tensor m, Tensor v, double learningRate, long t)
    {
        var direction = m.mul(beta1).add_(g, 1 - beta1).sign_();
        p.mul_(1 - learningRate * WeightDecay).add_(direction, -learningRate);
        m.mul_(beta2).add_(g, 1 - beta2);
    }

    private readonly struct Rule(float learningRate, float beta1, float beta2, float shrink) : FusedUpdate.IRule
    {
        private readonly Vector512<float> rate = Vector512.Create(learningRate), b1 = Vector512.Create(beta1), c1 = Vector512.Create(1 - beta1);
        private readonly Vector512<float> b2 = Vector512.Create(beta2), c2 = Vector512.Create(1 - beta2), keep = Vector512.Create(shrink);

        public void Apply(ref Vector512<float> p, Vector512<float> g, ref Vector512<float> m, ref Vector512<float> v)
        {
            var direction = b1 * m + c1 * g;
            var up = Vector512.GreaterThan(direction, Vector512<float>.Zero);
            var down = Vector512.LessThan(direction, Vector512<float>.Zero);
            p = keep * p - Vector512.ConditionalSelect(up, rate, Vector512.ConditionalSelect(down, -rate, Vector512<float>.Zero));
            m = b2 * m + c2 * g;
        }
    }
}
