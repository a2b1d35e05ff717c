using System.Runtime.Intrinsics;
using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// The family of Adam: m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; m̂ = m/(1−β₁ᵗ); v̂ = v/(1−β₂ᵗ); p ← p − η·m̂/(√v̂ + ε).
/// </summary>
public abstract class AdamFamily : OptimizerSpec
{
    private readonly double beta1, beta2, epsilon;
    private readonly bool decoupled, nesterov;

    private protected AdamFamily(double learningRate, double beta1, double beta2, double epsilon, double weightDecay, bool decoupled, bool nesterov)
        : base(learningRate, weightDecay)
    {
        this.beta1 = Fraction(beta1, nameof(beta1));
        this.beta2 = Fraction(beta2, nameof(beta2));
        this.epsilon = Positive(epsilon, nameof(epsilon));
        this.decoupled = decoupled;
        this.nesterov = nesterov;
    }

    internal override int StateCount => 2;

    internal override void StepSimd(Span<float> p, Span<float> g, Span<float> m, Span<float> v, double learningRate, long t, int threads) =>
        FusedUpdate.Run(new Rule(Coefficients(learningRate, t)), p, g, m, v, threads);

    internal override void StepTorch(Tensor p, Tensor g, Tensor m, Tensor v, double learningRate, long t)
    {
        var c = Coefficients(learningRate, t);
        if (!decoupled && WeightDecay > 0)
            g = g.add(p, WeightDecay);
        m.mul_(beta1).add_(g, 1 - beta1);
        v.mul_(beta2).addcmul_(g, g, 1 - beta2);
        var root = v.sqrt().mul_(c.InverseRootCorrection2).add_(epsilon);
        if (decoupled)
            p.mul_(c.Shrink);
        p.addcdiv_(m, root, -c.MomentumRate);
        if (nesterov)
            p.addcdiv_(g, root, -c.GradientRate);
    }

    // The step as p ← shrink·p − (rₘ·m + r_g·g) / (√v·s + ε).
    private readonly record struct Step(
        double Beta1, double Beta2, double Epsilon, double CoupledDecay, double Shrink, double MomentumRate, double GradientRate, double InverseRootCorrection2);

    private Step Coefficients(double learningRate, long t)
    {
        var correction1 = 1 - Math.Pow(beta1, t);
        // Nesterov: m̂ = β₁·m/(1−β₁ᵗ⁺¹) + (1−β₁)·g/(1−β₁ᵗ).
        var momentumRate = nesterov ? learningRate * beta1 / (1 - Math.Pow(beta1, t + 1)) : learningRate / correction1;
        var gradientRate = nesterov ? learningRate * (1 - beta1) / correction1 : 0;
        return new Step(
            beta1, beta2, epsilon, decoupled ? 0 : WeightDecay, decoupled ? 1 - learningRate * WeightDecay : 1,
            momentumRate, gradientRate, 1 / Math.Sqrt(1 - Math.Pow(beta2, t)));
    }

    private readonly struct Rule(Step c) : FusedUpdate.IRule
    {
        private readonly Vector512<float> b1 = Vector512.Create((float)c.Beta1), b2 = Vector512.Create((float)c.Beta2);
        private readonly Vector512<float> c1 = Vector512.Create((float)(1 - c.Beta1)), c2 = Vector512.Create((float)(1 - c.Beta2));
        private readonly Vector512<float> epsilon = Vector512.Create((float)c.Epsilon), decay = Vector512.Create((float)c.CoupledDecay);
        private readonly Vector512<float> shrink = Vector512.Create((float)c.Shrink), rm = Vector512.Create((float)c.MomentumRate);
        private readonly Vector512<float> rg = Vector512.Create((float)c.GradientRate), s = Vector512.Create((float)c.InverseRootCorrection2);

        public void Apply(ref Vector512<float> p, Vector512<float> g, ref Vector512<float> m, ref Vector512<float> v)
        {
            g += decay * p;
            m = b1 * m + c1 * g;
            v = b2 * v + c2 * g * g;
            p = shrink * p - (rm * m + rg * g) / (Vector512.Sqrt(v) * s + epsilon);
        }
    }
}

/// <summary>Adam (Kingma and Ba 2015); the weight decay λ is added to the gradient (L2).</summary>
/// <param name="learningRate">η.</param>
/// <param name="beta1">β₁, the decay of the mean.</param>
/// <param name="beta2">β₂, the decay of the mean square.</param>
/// <param name="epsilon">ε.</param>
/// <param name="weightDecay">λ.</param>
[Method("adam", Kind = MethodKind.Optimizer)]
public sealed class Adam(double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double weightDecay = 0)
    : AdamFamily(learningRate, beta1, beta2, epsilon, weightDecay, decoupled: false, nesterov: false)
{
    private readonly double beta1 = beta1, beta2 = beta2, epsilon = epsilon;

    /// <inheritdoc/>
    public override OptimizerSpec WithLearningRate(double learningRate) => new Adam(learningRate, beta1, beta2, epsilon, WeightDecay);
}

/// <summary>AdamW (Loshchilov and Hutter 2019): weight decay apart from the gradient, p ← (1 − ηλ)p before Adam's step.</summary>
/// <param name="learningRate">η.</param>
/// <param name="beta1">β₁.</param>
/// <param name="beta2">β₂.</param>
/// <param name="epsilon">ε.</param>
/// <param name="weightDecay">λ.</param>
/// <param name="decayMatricesOnly">Whether vectors (biases, the scales of norms) keep their size, as is usual for language models.</param>
[Method("adamw", Kind = MethodKind.Optimizer)]
public sealed class AdamW(double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double weightDecay = 0.01, bool decayMatricesOnly = false)
    : AdamFamily(learningRate, beta1, beta2, epsilon, weightDecay, decoupled: true, nesterov: false)
{
    private readonly double beta1 = beta1, beta2 = beta2, epsilon = epsilon;
    private readonly bool decayMatricesOnly = decayMatricesOnly;

    /// <inheritdoc/>
    public override OptimizerSpec WithLearningRate(double learningRate) => new AdamW(learningRate, beta1, beta2, epsilon, WeightDecay, decayMatricesOnly);

    internal override OptimizerSpec? ForVectors => decayMatricesOnly && WeightDecay > 0 ? new AdamW(LearningRate, beta1, beta2, epsilon, weightDecay: 0) : null;
}

/// <summary>
/// NadamW (Dozat 2016 with decoupled weight decay): Adam with Nesterov's look-ahead, m̂ = β₁m/(1−β₁ᵗ⁺¹) + (1−β₁)g/(1−β₁ᵗ).
/// </summary>
/// <param name="learningRate">η.</param>
/// <param name="beta1">β₁.</param>
/// <param name="beta2">β₂.</param>
/// <param name="epsilon">ε.</param>
/// <param name="weightDecay">λ.</param>
[Method("nadamw", Kind = MethodKind.Optimizer)]
public sealed class NadamW(double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double weightDecay = 0.01)
    : AdamFamily(learningRate, beta1, beta2, epsilon, weightDecay, decoupled: true, nesterov: true)
{
    private readonly double beta1 = beta1, beta2 = beta2, epsilon = epsilon;

    /// <inheritdoc/>
    public override OptimizerSpec WithLearningRate(double learningRate) => new NadamW(learningRate, beta1, beta2, epsilon, WeightDecay);
}
