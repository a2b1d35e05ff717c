using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// The variance over checkpoints of every example's gradient, by Welford's update, so that no gradient is kept: two numbers for each
/// coordinate of each example, whatever the number of checkpoints.
/// </summary>
internal sealed class GradientVariance : IDisposable
{
    private readonly Tensor mean, squares;

    /// <param name="count">The number of examples.</param>
    /// <param name="width">The coordinates of one gradient.</param>
    public GradientVariance(long count, long width)
    {
        mean = zeros(count, width).DetachFromDisposeScope();
        squares = zeros(count, width).DetachFromDisposeScope();
    }

    /// <summary>The number of checkpoints begun.</summary>
    public int Checkpoints { get; private set; }

    /// <summary>Begins the next checkpoint.</summary>
    public void Begin() => Checkpoints++;

    /// <summary>Takes the gradients (b, width) of the examples from <paramref name="start"/> on.</summary>
    public void Add(long start, Tensor gradients)
    {
        using var scope = NewDisposeScope();
        var (m, s) = (mean.narrow(0, start, gradients.shape[0]), squares.narrow(0, start, gradients.shape[0]));
        var delta = gradients.sub(m);
        m.add_(delta, 1.0 / Checkpoints);
        // s += (g − m_old)(g − m_new), and g − m_new = delta·(1 − 1/k).
        s.addcmul_(delta, delta, 1 - 1.0 / Checkpoints);
    }

    /// <summary>VoG of every example: mean_j √(M2_j / K).</summary>
    public double[] Scores()
    {
        using var scope = NewDisposeScope();
        return [.. squares.div(Math.Max(1, Checkpoints)).sqrt().mean([1]).to(ScalarType.Float64).data<double>().ToArray()];
    }

    public IEnumerable<(string Name, Tensor Value)> State => [("vog.mean", mean), ("vog.squares", squares)];

    public void Load(IReadOnlyDictionary<string, Tensor> state, int checkpoints)
    {
        mean.copy_(state["vog.mean"]);
        squares.copy_(state["vog.squares"]);
        Checkpoints = checkpoints;
    }

    public void Dispose()
    {
        mean.Dispose();
        squares.Dispose();
    }
}
