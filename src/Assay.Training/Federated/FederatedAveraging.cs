using Assay.Statistics;

namespace Assay.Training;

/// <summary>FedAvg (McMahan et al. 2017): w ← w + η_s·Σ_k (n_k/n)·Δ_k; with server momentum β (FedAvgM) v ← βv + ΣΔ, w ← w + η_s·v.</summary>
/// <param name="serverRate">η_s, above 0.</param>
/// <param name="momentum">β, 0 to below 1.</param>
[Method("fedavg", Kind = MethodKind.Trainer)]
public sealed class FedAvg(double serverRate = 1, double momentum = 0) : FederatedMethod
{
    private readonly double serverRate = Positive(serverRate, nameof(serverRate)), momentum = Fraction(momentum, nameof(momentum));

    /// <inheritdoc/>
    public override string Name => momentum > 0 ? "fedavgm" : "fedavg";

    internal override FederatedRule Start(FederationSetup setup) => new AveragingRule(serverRate, momentum);
}

/// <summary>FedProx (Li et al. 2020): every client adds μ/2·‖w − w_t‖² to its loss; the server averages as FedAvg.</summary>
/// <param name="mu">μ, 0 or more.</param>
/// <param name="serverRate">η_s, above 0.</param>
[Method("fedprox", Kind = MethodKind.Trainer)]
public sealed class FedProx(double mu = 0.01, double serverRate = 1) : FederatedMethod
{
    private readonly double mu = mu >= 0 && double.IsFinite(mu) ? mu : throw new ArgumentOutOfRangeException(nameof(mu), mu, "0 or more was expected"), serverRate = Positive(serverRate, nameof(serverRate));

    /// <inheritdoc/>
    public override string Name => "fedprox";

    internal override FederatedRule Start(FederationSetup setup) => new Rule(mu, serverRate);

    private sealed class Rule(double mu, double serverRate) : AveragingRule(serverRate, 0)
    {
        public override ClientRequest Adapt(int client, ClientRequest request) => request with { Proximal = mu };
    }
}

/// <summary>FedAdam (Reddi et al. 2021): the server takes the average as a gradient of Adam: m ← β₁m + (1−β₁)Δ, v ← β₂v + (1−β₂)Δ², w ← w + η_s·m/(√v + τ).</summary>
/// <param name="serverRate">η_s, above 0.</param>
/// <param name="beta1">β₁.</param>
/// <param name="beta2">β₂.</param>
/// <param name="tau">τ: how far from sign-like steps.</param>
[Method("fedadam", Kind = MethodKind.Trainer)]
public sealed class FedAdam(double serverRate = 0.01, double beta1 = 0.9, double beta2 = 0.99, double tau = 1e-3) : FederatedMethod
{
    private readonly double serverRate = Positive(serverRate, nameof(serverRate)), beta1 = Fraction(beta1, nameof(beta1)), beta2 = Fraction(beta2, nameof(beta2)), tau = Positive(tau, nameof(tau));

    /// <inheritdoc/>
    public override string Name => "fedadam";

    internal override FederatedRule Start(FederationSetup setup) => new Rule(serverRate, beta1, beta2, tau);

    private sealed class Rule(double serverRate, double beta1, double beta2, double tau) : FederatedRule
    {
        private float[] m = [], v = [];

        public override IEnumerable<(string Name, float[] Value)> State => [("m", m), ("v", v)];

        public override void Load(IReadOnlyDictionary<string, float[]> state) => (m, v) = (state["m"], state["v"]);

        public override void Aggregate(float[] weights, IReadOnlyList<WeightedUpdate> answers)
        {
            if (m.Length == 0)
                (m, v) = (new float[weights.Length], new float[weights.Length]);
            var delta = Average(answers, weights.Length);
            for (var i = 0; i < weights.Length; i++)
            {
                m[i] = (float)(beta1 * m[i] + (1 - beta1) * delta[i]);
                v[i] = (float)(beta2 * v[i] + (1 - beta2) * delta[i] * delta[i]);
                weights[i] += (float)(serverRate * m[i] / (Math.Sqrt(v[i]) + tau));
            }
        }
    }
}

/// <summary>
/// SCAFFOLD (Karimireddy et al. 2020): clients add c − c_i to every gradient, which takes out the drift towards their own data. The control
/// variates follow from the answers, c_i ← c_i − c − Δ_i/(steps·η) (the paper's option II), so that clients need no memory; c is their
/// mean weighted by examples. Made for plain SGD.
/// </summary>
/// <param name="serverRate">η_s, above 0.</param>
[Method("scaffold", Kind = MethodKind.Trainer)]
public sealed class Scaffold(double serverRate = 1) : FederatedMethod
{
    private readonly double serverRate = Positive(serverRate, nameof(serverRate));

    /// <inheritdoc/>
    public override string Name => "scaffold";

    internal override FederatedRule Start(FederationSetup setup)
    {
        if (setup.Optimizer is not Sgd { Momentum: 0 })
            setup.Warn("scaffold's control variates are gradients only under plain SGD: take sgd(momentum: 0)");
        return new Rule(setup, serverRate);
    }

    private sealed class Rule(FederationSetup setup, double serverRate) : AveragingRule(serverRate, 0)
    {
        private readonly float[]?[] own = new float[setup.Examples.Length][];
        private readonly double all = setup.Examples.Sum(n => (double)n);
        private readonly Dictionary<int, double> rates = [];
        private float[]? common;

        public override IEnumerable<(string Name, float[] Value)> State =>
            common is null ? [] : [("common", common), .. own.Index().Where(c => c.Item is not null).Select(c => ($"own.{c.Index}", c.Item!))];

        public override void Load(IReadOnlyDictionary<string, float[]> state)
        {
            common = state.GetValueOrDefault("common");
            for (var k = 0; k < own.Length; k++)
                own[k] = state.GetValueOrDefault($"own.{k}");
        }

        public override ClientRequest Adapt(int client, ClientRequest request)
        {
            rates[client] = request.Optimizer.LearningRate;
            if (common is null)
                return request;
            var correction = (float[])common.Clone();
            if (own[client] is { } mine)
                System.Numerics.Tensors.TensorPrimitives.Subtract(correction, mine, correction);
            return request with { Correction = correction };
        }

        public override void Aggregate(float[] weights, IReadOnlyList<WeightedUpdate> answers)
        {
            base.Aggregate(weights, answers);
            var before = common ?? new float[weights.Length];
            var after = (float[])before.Clone();
            // A late answer's variate belongs to weights of long ago.
            foreach (var update in answers.Select(a => a.Update).Where(u => u.RoundsLate == 0))
            {
                var mine = own[update.Client] ?? new float[weights.Length];
                var next = new float[weights.Length];
                var scale = 1 / (update.Steps * rates[update.Client]);
                var share = setup.Examples[update.Client] / all;
                for (var i = 0; i < next.Length; i++)
                {
                    next[i] = (float)(mine[i] - before[i] - scale * update.Delta[i]);
                    after[i] += (float)(share * (next[i] - mine[i]));
                }
                own[update.Client] = next;
            }
            common = after;
        }
    }
}

/// <summary>
/// FedNova (Wang et al. 2020): each answer is divided by the number of its local steps, a_k, before averaging, and the average multiplied by
/// τ_eff = Σ p_k a_k, so that clients that make more steps do not pull the average towards their own data. With local momentum ρ,
/// a_k = (τ − ρ(1 − ρ^τ)/(1 − ρ))/(1 − ρ).
/// </summary>
/// <param name="serverRate">η_s, above 0.</param>
[Method("fednova", Kind = MethodKind.Trainer)]
public sealed class FedNova(double serverRate = 1) : FederatedMethod
{
    private readonly double serverRate = Positive(serverRate, nameof(serverRate));

    /// <inheritdoc/>
    public override string Name => "fednova";

    internal override FederatedRule Start(FederationSetup setup) => new Rule(serverRate, setup.Optimizer is Sgd sgd ? sgd.Momentum : 0);

    /// <summary>a_k: the length of the path of τ steps with momentum ρ, in steps of plain SGD.</summary>
    internal static double PathLength(int steps, double momentum) =>
        momentum == 0 ? steps : (steps - momentum * (1 - Math.Pow(momentum, steps)) / (1 - momentum)) / (1 - momentum);

    private sealed class Rule(double serverRate, double momentum) : FederatedRule
    {
        public override void Aggregate(float[] weights, IReadOnlyList<WeightedUpdate> answers)
        {
            var effective = answers.Sum(a => a.Share * PathLength(a.Update.Steps, momentum)) / answers.Sum(a => a.Share);
            var direction = Average(answers, weights.Length, u => 1 / PathLength(u.Steps, momentum));
            for (var i = 0; i < weights.Length; i++)
                weights[i] += (float)(serverRate * effective * direction[i]);
        }
    }
}

/// <summary>The weighted average with server momentum.</summary>
internal class AveragingRule(double serverRate, double momentum) : FederatedRule
{
    private float[] velocity = [];

    public override IEnumerable<(string Name, float[] Value)> State => velocity.Length > 0 ? [("velocity", velocity)] : [];

    public override void Load(IReadOnlyDictionary<string, float[]> state) => velocity = state.GetValueOrDefault("velocity", []);

    public override void Aggregate(float[] weights, IReadOnlyList<WeightedUpdate> answers)
    {
        var delta = Average(answers, weights.Length);
        if (momentum > 0 && velocity.Length == 0)
            velocity = new float[weights.Length];
        for (var i = 0; i < weights.Length; i++)
        {
            var step = delta[i];
            if (momentum > 0)
                step = velocity[i] = (float)(momentum * velocity[i] + delta[i]);
            weights[i] += (float)(serverRate * step);
        }
    }
}
