using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Training;

/// <summary>How a federation learns: what clients are asked, and what becomes of their answers. A recipe names it: <c>fedprox(mu: 0.01)</c>.</summary>
[MethodValue]
public abstract class FederatedMethod
{
    /// <summary>The name in reports.</summary>
    public abstract string Name { get; }

    /// <summary>The state of one run.</summary>
    internal abstract FederatedRule Start(FederationSetup setup);

    private protected static double Positive(double value, string name) => value > 0 && double.IsFinite(value)
        ? value
        : throw new ArgumentOutOfRangeException(name, value, "a positive number was expected");

    private protected static double Fraction(double value, string name) => value is >= 0 and < 1
        ? value
        : throw new ArgumentOutOfRangeException(name, value, "0 to below 1 was expected");
}

/// <summary>What a rule knows of its federation.</summary>
/// <param name="Layout">Which weight belongs to which tensor.</param>
/// <param name="Examples">n_k of every client.</param>
/// <param name="Optimizer">The clients' update rule.</param>
/// <param name="Seed">The run's seed.</param>
/// <param name="Ask">Asks clients, and gives the finite answers.</param>
/// <param name="NewRequest">A request of round 0 from given weights.</param>
/// <param name="Warn">Takes warnings.</param>
internal sealed record FederationSetup(
    ImmutableArray<VectorSegment> Layout, ImmutableArray<int> Examples, OptimizerSpec Optimizer, long Seed,
    Func<IReadOnlyList<int>, ClientRequest, Task<IReadOnlyList<ClientUpdate>>> Ask, Func<float[], ClientRequest> NewRequest, Action<string> Warn);

/// <summary>An answer with its share in the average.</summary>
internal readonly record struct WeightedUpdate(ClientUpdate Update, double Share);

/// <summary>A method at work in one run.</summary>
internal abstract class FederatedRule
{
    /// <summary>Vectors that a resumed run needs.</summary>
    public virtual IEnumerable<(string Name, float[] Value)> State => [];

    /// <summary>Puts vectors back.</summary>
    public virtual void Load(IReadOnlyDictionary<string, float[]> state)
    {
    }

    /// <summary>Before the first round: exploration.</summary>
    public virtual Task PrepareAsync(float[] weights) => Task.CompletedTask;

    /// <summary>Before clients of a round are asked.</summary>
    public virtual void BeginRound(IReadOnlyList<int> sampled)
    {
    }

    /// <summary>What one client is asked.</summary>
    public virtual ClientRequest Adapt(int client, ClientRequest request) => request;

    /// <summary>Changes the global weights by the answers, whose shares sum to at most 1 (less where answers are late).</summary>
    public abstract void Aggregate(float[] weights, IReadOnlyList<WeightedUpdate> answers);

    /// <summary>Σ_k p_k Δ_k·factor_k, in double precision.</summary>
    protected static double[] Average(IReadOnlyList<WeightedUpdate> answers, int length, Func<ClientUpdate, double>? factor = null)
    {
        var sum = new double[length];
        foreach (var (update, share) in answers)
        {
            var weight = share * (factor?.Invoke(update) ?? 1);
            var delta = update.Delta;
            for (var i = 0; i < length; i++)
                sum[i] += weight * delta[i];
        }
        return sum;
    }
}
