using System.Runtime.Intrinsics;
using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// Stochastic gradient descent with momentum: g ← g + λp; u ← μu + g; p ← p − η·u (Nesterov: p ← p − η·(g + μu)). With μ = 0 it is plain
/// gradient descent.
/// </summary>
/// <param name="learningRate">η.</param>
/// <param name="momentum">μ, 0 to below 1.</param>
/// <param name="nesterov">Whether to look ahead along the momentum.</param>
/// <param name="weightDecay">λ, added to the gradient (L2).</param>
[Method("sgd", Kind = MethodKind.Optimizer)]
public sealed class Sgd(double learningRate = 0.1, double momentum = 0.9, bool nesterov = false, double weightDecay = 0)
    : OptimizerSpec(learningRate, weightDecay)
{
    private readonly double momentum = Fraction(momentum, nameof(momentum));

    /// <inheritdoc/>
    public override OptimizerSpec WithLearningRate(double learningRate) => new Sgd(learningRate, momentum, nesterov, WeightDecay);

    /// <summary>The momentum μ.</summary>
    public double Momentum => momentum;

    internal override int StateCount => momentum > 0 ? 1 : 0;

    internal override void StepSimd(Span<float> p, Span<float> g, Span<float> m, Span<float> v, double learningRate, long t, int threads) =>
        FusedUpdate.Run(new Rule((float)learningRate, (float)momentum, nesterov, (float)WeightDecay), p, g, m, v, threads);

    internal override void StepTorch(Tensor p, Tensor g, Tensor m, Tensor v, double learningRate, long t)
    {
        if (WeightDecay > 0)
            g = g.add(p, WeightDecay);
        if (momentum > 0)
        {
            m.mul_(momentum).add_(g);
            g = nesterov ? g.add(m, momentum) : m;
        }
        p.add_(g, -learningRate);
    }

    private readonly struct Rule(float learningRate, float momentum, bool nesterov, float decay) : FusedUpdate.IRule
    {
        private readonly Vector512<float> rate = Vector512.Create(learningRate), mu = Vector512.Create(momentum), lambda = Vector512.Create(decay);

        public void Apply(ref Vector512<float> p, Vector512<float> g, ref Vector512<float> m, ref Vector512<float> v)
        {
            g += lambda * p;
            m = mu * m + g;
            p -= rate * (nesterov ? g + mu * m : m);
        }
    }
}
