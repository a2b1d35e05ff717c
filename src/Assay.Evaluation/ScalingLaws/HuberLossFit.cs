using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Minimises Σ w·Huber_δ(LSE(a − α ln N, b − β ln D, e) − ln L) over θ = (a, b, e, α, β) from many starts. The objective and its closed-form
/// gradient are one vectorised pass over the runs; each start is a BFGS descent with a weak Wolfe line search, which copes with the kinks of a
/// small δ; starts are spread over the cores and the best few are polished.
/// </summary>
public sealed class HuberLossFit
{
    private const int Parameters = 5, Polished = 8;
    private readonly double[] logN, logD, logL, weights;
    private readonly double delta;

    /// <summary>Prepares the fit.</summary>
    /// <param name="n">The model sizes.</param>
    /// <param name="d">The amounts of data.</param>
    /// <param name="loss">The losses.</param>
    /// <param name="huberDelta">δ.</param>
    public HuberLossFit(ReadOnlySpan<double> n, ReadOnlySpan<double> d, ReadOnlySpan<double> loss, double huberDelta = 1e-3)
    {
        if (n.Length != d.Length || n.Length != loss.Length || n.IsEmpty)
            throw new ArgumentException($"{n.Length} sizes, {d.Length} amounts of data and {loss.Length} losses");
        if (!(huberDelta > 0))
            throw new ArgumentOutOfRangeException(nameof(huberDelta), huberDelta, "δ of the Huber loss is positive");
        delta = huberDelta;
        Count = n.Length;
        // Padded to whole vectors by runs of weight 0.
        var width = Vector512<double>.Count;
        var padded = (n.Length + width - 1) / width * width;
        (logN, logD, logL, weights) = (new double[padded], new double[padded], new double[padded], new double[padded]);
        for (var i = 0; i < n.Length; i++)
        {
            if (!(n[i] > 0 && d[i] > 0 && loss[i] > 0))
                throw new ArgumentException($"run {i + 1}: n = {n[i]}, d = {d[i]}, loss = {loss[i]}; positive numbers were expected");
            (logN[i], logD[i], logL[i], weights[i]) = (Math.Log(n[i]), Math.Log(d[i]), Math.Log(loss[i]), 1);
        }
    }

    private HuberLossFit(HuberLossFit other, double[] weights) => (logN, logD, logL, delta, Count, this.weights) = (other.logN, other.logD, other.logL, other.delta, other.Count, weights);

    /// <summary>The number of runs.</summary>
    public int Count { get; }

    /// <summary>The published grid: α, β ∈ {0, ½, …, 2}, e ∈ {−1, −½, …, 1}, a, b ∈ {0, 5, …, 25}.</summary>
    public static IReadOnlyList<double[]> PublishedStarts { get; } =
    [
        .. from alpha in Enumerable.Range(0, 5)
           from beta in Enumerable.Range(0, 5)
           from e in Enumerable.Range(-2, 5)
           from a in Enumerable.Range(0, 6)
           from b in Enumerable.Range(0, 6)
           select new[] { 5.0 * a, 5.0 * b, 0.5 * e, 0.5 * alpha, 0.5 * beta },
    ];

    /// <summary>Descends from every start and keeps the best end.</summary>
    /// <param name="starts">θ to start from.</param>
    /// <param name="cancellation">Cancels the fit.</param>
    /// <returns>θ and the objective there.</returns>
    public (double[] Theta, double Objective) Minimize(IReadOnlyList<double[]> starts, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(starts);
        if (starts.Count == 0 || starts.Any(s => s.Length != Parameters))
            throw new ArgumentException($"starts of {Parameters} numbers were expected", nameof(starts));
        var ends = new (double[] Theta, double Objective)[starts.Count];
        Parallel.For(0, starts.Count, new ParallelOptions { CancellationToken = cancellation }, i => ends[i] = Descend(starts[i], 1e-9));
        return ends.OrderBy(e => e.Objective).Take(Polished).Select(e => Descend(e.Theta, 1e-14)).MinBy(e => e.Objective);
    }

    /// <summary>Refits of resampled runs, from the optimum and two starts around it.</summary>
    internal double[][] Bootstrap(double[] optimum, int resamples, long seed)
    {
        var refits = new double[resamples][];
        Parallel.For(0, resamples, r =>
        {
            var random = SeededRandom.At(seed, r);
            var drawn = new double[weights.Length];
            for (var i = 0; i < Count; i++)
                drawn[random.Next(Count)]++;
            var problem = new HuberLossFit(this, drawn);
            double[][] starts = [optimum, [optimum[0] * 0.8, optimum[1] * 0.8, optimum[2] - 0.2, optimum[3] * 0.8, optimum[4] * 0.8], [optimum[0] * 1.2, optimum[1] * 1.2, optimum[2] + 0.1, optimum[3] * 1.2, optimum[4] * 1.2]];
            refits[r] = starts.Select(s => problem.Descend(s, 1e-13)).MinBy(e => e.Objective).Theta;
        });
        return refits;
    }

    /// <summary>The objective and its gradient.</summary>
    /// <param name="theta">θ = (a, b, e, α, β).</param>
    /// <param name="gradient">Receives the gradient.</param>
    [SkipLocalsInit]
    public double Evaluate(ReadOnlySpan<double> theta, Span<double> gradient)
    {
        var (a, b, e) = (Vector512.Create(theta[0]), Vector512.Create(theta[1]), Vector512.Create(theta[2]));
        var (alpha, beta) = (Vector512.Create(theta[3]), Vector512.Create(theta[4]));
        var (huber, least) = (Vector512.Create(delta), Vector512.Create(-delta));
        var half = Vector512.Create(0.5);
        var (value, ga, gb, ge, gAlpha, gBeta) = (Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero);
        for (var i = 0; i < logN.Length; i += Vector512<double>.Count)
        {
            var (n, d) = (Vector512.LoadUnsafe(ref logN[i]), Vector512.LoadUnsafe(ref logD[i]));
            var (u, v) = (a - alpha * n, b - beta * d);
            var top = Vector512.Max(Vector512.Max(u, v), e);
            var (eu, ev, ee) = (Vector512.Exp(u - top), Vector512.Exp(v - top), Vector512.Exp(e - top));
            var sum = eu + ev + ee;
            var residual = top + Vector512.Log(sum) - Vector512.LoadUnsafe(ref logL[i]);
            // ψ = clamp(r, ±δ); the loss is ψ(r − ψ/2) on both sides of δ.
            var psi = Vector512.Min(Vector512.Max(residual, least), huber);
            var weight = Vector512.LoadUnsafe(ref weights[i]);
            value += weight * psi * (residual - half * psi);
            var scaled = weight * psi / sum;
            var (model, data) = (scaled * eu, scaled * ev);
            ga += model;
            gb += data;
            ge += scaled * ee;
            gAlpha -= model * n;
            gBeta -= data * d;
        }
        gradient[0] = Vector512.Sum(ga);
        gradient[1] = Vector512.Sum(gb);
        gradient[2] = Vector512.Sum(ge);
        gradient[3] = Vector512.Sum(gAlpha);
        gradient[4] = Vector512.Sum(gBeta);
        return Vector512.Sum(value);
    }

    [SkipLocalsInit]
    private (double[] Theta, double Objective) Descend(double[] start, double tolerance)
    {
        Span<double> x = stackalloc double[Parameters];
        Span<double> g = stackalloc double[Parameters];
        Span<double> direction = stackalloc double[Parameters];
        Span<double> candidate = stackalloc double[Parameters];
        Span<double> next = stackalloc double[Parameters];
        Span<double> h = stackalloc double[Parameters * Parameters];
        start.CopyTo(x);
        var value = Evaluate(x, g);
        var (fresh, still) = (true, 0);
        for (var iteration = 0; iteration < 1000 && still < 3; iteration++)
        {
            if (fresh)
            {
                h.Clear();
                // Unit steps of a first direction would be of the gradient's size, which has no meaning in θ.
                var norm = Math.Sqrt(Dot(g, g));
                for (var p = 0; p < Parameters; p++)
                    h[p * Parameters + p] = 1 / Math.Max(norm, 1e-300);
            }
            for (var p = 0; p < Parameters; p++)
                direction[p] = -Dot(h.Slice(p * Parameters, Parameters), g);
            var slope = Dot(direction, g);
            if (!(slope < 0))
            {
                if (fresh)
                    break;
                fresh = true;
                continue;
            }
            if (!TryStep(x, value, direction, slope, candidate, next, out var rate, out var reached))
            {
                if (fresh)
                    break;
                fresh = true;
                continue;
            }
            still = value - reached <= tolerance * Math.Abs(value) ? still + 1 : 0;
            Update(h, direction, rate, g, next, ref fresh);
            candidate.CopyTo(x);
            next.CopyTo(g);
            value = reached;
        }
        return (x.ToArray(), value);
    }

    // Weak Wolfe by bisection (Lewis and Overton 2013).
    private bool TryStep(
        ReadOnlySpan<double> x, double value, ReadOnlySpan<double> direction, double slope, Span<double> candidate, Span<double> next, out double rate, out double reached)
    {
        var (low, high) = (0.0, double.PositiveInfinity);
        rate = 1;
        reached = value;
        for (var tries = 0; tries < 40; tries++)
        {
            for (var p = 0; p < Parameters; p++)
                candidate[p] = x[p] + rate * direction[p];
            reached = Evaluate(candidate, next);
            if (!(reached <= value + 1e-4 * rate * slope))
                high = rate;
            else if (Dot(next, direction) < 0.9 * slope)
                low = rate;
            else
                return true;
            rate = double.IsInfinity(high) ? 2 * low : (low + high) / 2;
        }
        return reached < value;
    }

    private static void Update(Span<double> h, ReadOnlySpan<double> direction, double rate, ReadOnlySpan<double> g, ReadOnlySpan<double> next, ref bool fresh)
    {
        Span<double> s = stackalloc double[Parameters];
        Span<double> y = stackalloc double[Parameters];
        for (var p = 0; p < Parameters; p++)
        {
            s[p] = rate * direction[p];
            y[p] = next[p] - g[p];
        }
        var curvature = Dot(s, y);
        if (!(curvature > 1e-300))
            return;
        if (fresh)
        {
            h.Clear();
            var scale = curvature / Dot(y, y);
            for (var p = 0; p < Parameters; p++)
                h[p * Parameters + p] = scale;
            fresh = false;
        }
        Span<double> hy = stackalloc double[Parameters];
        for (var p = 0; p < Parameters; p++)
            hy[p] = Dot(h.Slice(p * Parameters, Parameters), y);
        var factor = (1 + Dot(y, hy) / curvature) / curvature;
        for (var p = 0; p < Parameters; p++)
        {
            for (var q = 0; q < Parameters; q++)
                h[p * Parameters + q] += factor * s[p] * s[q] - (hy[p] * s[q] + s[p] * hy[q]) / curvature;
        }
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var sum = 0.0;
        for (var i = 0; i < Parameters; i++)
            sum += a[i] * b[i];
        return sum;
    }
}
