using System.Collections.Immutable;
using Assay.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// Records how far the weights have moved from where they began, D(t) = ‖w_t − w_0‖₂, at steps spaced evenly in log t. A random walk on a
/// random potential with α = 2 gives E D² ~ (log t)^{4/α}, so D ~ a + c·log t; ordinary diffusion would give √t (Hoffer, Hubara and
/// Soudry 2017). Watch it while the learning rate is at its first value.
/// </summary>
/// <param name="perDoubling">How many points lie between t and 2t, 1 or more.</param>
/// <param name="until">The last step recorded, or null for all: the end of the initial phase.</param>
[Method("diffusion-probe", Paper = 87, Kind = MethodKind.Diagnostic)]
public sealed class DiffusionProbe(int perDoubling = 4, long? until = null) : TrainerHook, IDisposable
{
    /// <summary>The curve's name.</summary>
    public const string Curve = "weights/distance";

    private readonly int perDoubling = perDoubling > 0 ? perDoubling : throw new ArgumentOutOfRangeException(nameof(perDoubling), perDoubling, "1 or more was expected");
    private readonly List<(long Step, double Distance)> points = [];
    private Tensor? start;

    /// <summary>What was recorded: steps, from 1, and distances.</summary>
    public IReadOnlyList<(long Step, double Distance)> Points => points;

    /// <inheritdoc/>
    public override void OnStart(TrainerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Step == 0)
            Begin(state.Optimizer.Parameters.Values);
        foreach (var point in state.Points.Where(p => p.Name == Curve))
            points.Add((point.Step, point.Value));
    }

    /// <inheritdoc/>
    public override void OnStep(TrainerState state, double loss)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (IsDue(state.Step) && (until is null || state.Step <= until))
        {
            Record(state.Step, state.Optimizer.Parameters.Values);
            state.Record(Curve, points[^1].Distance);
        }
    }

    /// <summary>Takes the weights that distances are measured from, in one's own loop.</summary>
    /// <param name="weights">All weights as one vector.</param>
    public void Begin(Tensor weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        start?.Dispose();
        start = weights.detach().clone().DetachFromDisposeScope();
        points.Clear();
    }

    /// <summary>Records the distance at a step, in one's own loop.</summary>
    /// <exception cref="InvalidOperationException"><see cref="Begin"/> was not called.</exception>
    public void Record(long step, Tensor weights)
    {
        if (start is null)
            throw new InvalidOperationException("the weights at the start are not known: Begin comes first");
        using var _ = no_grad();
        using var difference = weights.sub(start);
        using var norm = difference.norm();
        points.Add((step, norm.ToDouble()));
    }

    /// <summary>Fits both laws to what was recorded.</summary>
    /// <param name="from">The first step that counts.</param>
    public DiffusionFit Fit(long from = 10) => DiffusionFit.Of([.. points.Select(p => p.Step)], [.. points.Select(p => p.Distance)], from);

    // t = round(2^{j / perDoubling}).
    private bool IsDue(long step)
    {
        var j = (long)Math.Round(Math.Log2(step) * perDoubling);
        return (long)Math.Round(Math.Pow(2, (double)j / perDoubling)) == step;
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Value)> SaveState() => start is null ? [] : [("start", start)];

    /// <inheritdoc/>
    public override void LoadState(IReadOnlyDictionary<string, Tensor> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.TryGetValue("start", out var saved))
            Begin(saved);
    }

    /// <inheritdoc/>
    public void Dispose() => start?.Dispose();
}

/// <summary>Two laws of the distance of the weights from their start, by least squares: D = a + c·log t, and D = a' + c'·√t.</summary>
/// <param name="Slope">c.</param>
/// <param name="Intercept">a.</param>
/// <param name="LogR2">R² of the logarithmic law; NaN where the distances do not differ.</param>
/// <param name="RootSlope">c'.</param>
/// <param name="RootIntercept">a'.</param>
/// <param name="RootR2">R² of the square-root law.</param>
/// <param name="Points">The number of points fitted.</param>
public sealed record DiffusionFit(double Slope, double Intercept, double LogR2, double RootSlope, double RootIntercept, double RootR2, int Points)
{
    /// <summary>Whether the logarithm explains the distances better: ultra-slow diffusion.</summary>
    public bool IsLogarithmic => LogR2 > RootR2;

    /// <summary>Fits both laws.</summary>
    /// <param name="steps">Steps, 1 or more.</param>
    /// <param name="distances">One distance for each.</param>
    /// <param name="from">The first step that counts.</param>
    /// <exception cref="ArgumentException">Lengths differ, or fewer than three points count.</exception>
    public static DiffusionFit Of(ReadOnlySpan<long> steps, ReadOnlySpan<double> distances, long from = 10)
    {
        if (steps.Length != distances.Length)
            throw new ArgumentException($"{steps.Length} steps but {distances.Length} distances", nameof(distances));
        var kept = ImmutableArray.CreateBuilder<(double T, double D)>();
        for (var i = 0; i < steps.Length; i++)
        {
            if (steps[i] >= Math.Max(1, from))
                kept.Add((steps[i], distances[i]));
        }
        if (kept.Count < 3)
            throw new ArgumentException($"at least 3 points from step {from} on were expected, there are {kept.Count}", nameof(steps));
        var log = Line(kept, Math.Log);
        var root = Line(kept, Math.Sqrt);
        return new DiffusionFit(log.Slope, log.Intercept, log.R2, root.Slope, root.Intercept, root.R2, kept.Count);
    }

    private static (double Slope, double Intercept, double R2) Line(IReadOnlyCollection<(double T, double D)> points, Func<double, double> of)
    {
        var (meanX, meanY) = (points.Average(p => of(p.T)), points.Average(p => p.D));
        var (xx, xy, yy) = (0.0, 0.0, 0.0);
        foreach (var (t, d) in points)
        {
            var (x, y) = (of(t) - meanX, d - meanY);
            (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
        }
        var slope = xy / xx;
        return (slope, meanY - slope * meanX, yy > 0 ? xy * xy / (xx * yy) : double.NaN);
    }
}
