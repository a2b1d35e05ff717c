using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>To which scores a map of one score is fitted.</summary>
public enum CalibrationScope
{
    /// <summary>One map for each class of its probability (for two classes: one, of the second); the rows are divided by their sum.</summary>
    OneVersusRest,
    /// <summary>One map of the predicted class's probability; the other classes share the rest in proportion to what they had.</summary>
    TopLabel,
}

/// <summary>
/// A calibrator that maps one probability at a time, learnt from probabilities and whether the class was the true one (Zadrozny and Elkan 2002).
/// Predicted classes may change.
/// </summary>
public abstract class ScoreMapCalibrator : Calibrator
{
    private double[][] maps = [];

    private protected ScoreMapCalibrator(CalibrationScope scope) => Scope = scope;

    /// <summary>To which scores the maps are fitted.</summary>
    public CalibrationScope Scope { get; }

    /// <inheritdoc/>
    public sealed override bool KeepsPredictions => false;

    /// <inheritdoc/>
    public override string Summary => Scope == CalibrationScope.TopLabel ? "one map of the confidence" : maps.Length == 1 ? "one map of the second class's probability" : $"one map for each of {maps.Length} classes";

    /// <summary>The number of maps.</summary>
    public int MapCount => maps.Length;

    private protected sealed override ImmutableSortedDictionary<string, double[]> State => maps.Select((m, i) => KeyValuePair.Create($"map{i}", m)).ToImmutableSortedDictionary();

    /// <summary>The calibrated value of one score, before rows are divided by their sum.</summary>
    /// <param name="probability">A probability.</param>
    /// <param name="map">The map: the class's number with one map a class, else 0.</param>
    /// <exception cref="InvalidOperationException">The calibrator was not fitted.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The probability lies outside [0, 1], or there is no such map.</exception>
    public double Map(double probability, int map = 0)
    {
        RequireFit();
        ArgumentOutOfRangeException.ThrowIfNegative(map);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(map, maps.Length);
        return probability is >= 0 and <= 1
            ? Value(maps[map], probability, Math.Log(probability) - Math.Log(1 - probability))
            : throw new ArgumentOutOfRangeException(nameof(probability), probability, "a probability was expected");
    }

    private protected sealed override void Restore(CalibratorParameters parameters)
    {
        var count = CountOf(ClassCount);
        maps = [.. Enumerable.Range(0, count).Select(i => parameters.Take($"map{i}"))];
        if (Array.Find(maps, m => !IsMap(m) || !m.All(double.IsFinite)) is { } bad)
            throw parameters.Fault($"{bad.Length} numbers that are no map of {Name}");
    }

    private protected sealed override void FitCore(CalibrationData data)
    {
        var fitted = new double[CountOf(data.Classes)][];
        Parallel.For(0, fitted.Length, m =>
        {
            var (probabilities, odds, outcomes) = (new double[data.Count], new double[data.Count], new bool[data.Count]);
            var (z, p) = (new double[data.Classes], new double[data.Classes]);
            for (var i = 0; i < data.Count; i++)
            {
                var c = Scope == CalibrationScope.TopLabel ? data.Predicted[i] : fitted.Length == 1 ? 1 : m;
                data.Logits(i, z);
                z.CopyTo(p, 0);
                CalibrationData.Softmax(p);
                (probabilities[i], odds[i], outcomes[i]) = (p[c], CalibrationData.LogOdds(z, c), data.Labels[i] == c);
            }
            fitted[m] = FitMap(probabilities, odds, outcomes);
        });
        maps = fitted;
    }

    private protected sealed override void ApplyRow(CalibrationData data, int row, Span<double> p)
    {
        var z = new double[p.Length];
        data.Logits(row, z);
        z.CopyTo(p);
        CalibrationData.Softmax(p);
        if (Scope == CalibrationScope.TopLabel)
        {
            var top = data.Predicted[row];
            var confidence = Value(maps[0], p[top], CalibrationData.LogOdds(z, top));
            // Where nothing is left to the other classes they share alike.
            var rest = 1 - p[top];
            for (var c = 0; c < p.Length; c++)
                p[c] = c == top ? confidence : (1 - confidence) * (rest > 1e-15 ? p[c] / rest : 1.0 / (p.Length - 1));
            return;
        }
        if (maps.Length == 1)
        {
            p[1] = Value(maps[0], p[1], CalibrationData.LogOdds(z, 1));
            p[0] = 1 - p[1];
            return;
        }
        var sum = 0.0;
        for (var c = 0; c < p.Length; c++)
            sum += p[c] = Value(maps[c], p[c], CalibrationData.LogOdds(z, c));
        for (var c = 0; c < p.Length; c++)
            p[c] = sum > 0 ? p[c] / sum : 1.0 / p.Length;
    }

    private protected abstract double[] FitMap(double[] probabilities, double[] logOdds, bool[] outcomes);

    private protected abstract double Value(double[] map, double probability, double logOdds);

    private protected abstract bool IsMap(double[] numbers);

    /// <summary>Linear interpolation through points whose x rise; constant outside. The map holds all x, then all y.</summary>
    private protected static double Interpolate(double[] map, double x)
    {
        var n = map.Length / 2;
        var at = Array.BinarySearch(map, 0, n, x);
        if (at >= 0)
            return map[n + at];
        at = ~at;
        if (at == 0 || at == n)
            return map[n + Math.Min(at, n - 1)];
        var share = (x - map[at - 1]) / (map[at] - map[at - 1]);
        return map[n + at - 1] + share * (map[n + at] - map[n + at - 1]);
    }

    /// <summary>Whether the numbers are points with rising x.</summary>
    private protected static bool ArePoints(double[] map)
    {
        if (map.Length == 0 || map.Length % 2 != 0)
            return false;
        for (var i = 1; i < map.Length / 2; i++)
        {
            if (!(map[i] > map[i - 1]))
                return false;
        }
        return true;
    }

    private int CountOf(int classes) => Scope == CalibrationScope.TopLabel || classes == 2 ? 1 : classes;
}
