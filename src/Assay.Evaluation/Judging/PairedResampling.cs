using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Values of metrics on bootstrap resamples that all models share. Each metric but those of ranking is a function of weighted sums, so that
/// one pass over the examples serves all of them.
/// </summary>
internal sealed class PairedResampling
{
    private readonly Predictions[] models;
    private readonly int count;
    private readonly int resamples;
    private readonly long seed;
    private readonly List<SumColumn> columns = [];
    private readonly Dictionary<(string Key, int Model), int> index = [];
    private readonly Dictionary<int, (int[] Predicted, float[] Confidences)> top = [];
    private double[][] sums = [];

    /// <summary>Prepares resamples of matched models.</summary>
    public PairedResampling(IEnumerable<Predictions> models, int resamples, long seed)
    {
        this.models = [.. models.Select(m => m.IsRegression ? m : m.ToProbabilities())];
        count = this.models[0].Count;
        this.resamples = resamples;
        this.seed = seed;
    }

    /// <summary>For each metric and each model, the values on the resamples; null for a metric that is no function of weighted sums.</summary>
    public double[][]?[] Values(IReadOnlyList<Metric> metrics)
    {
        var functions = metrics.Select(m => Enumerable.Range(0, models.Length).Select(i => Function(m, i)).ToArray()).ToArray();
        if (columns.Count > 0)
            sums = Bootstrap.Sums(count, columns, resamples, seed);
        return [.. functions.Select(f => f.Contains(null) ? null : Array.ConvertAll(f, g => Enumerable.Range(0, resamples).Select(g!).ToArray()))];
    }

    private Func<int, double>? Function(Metric metric, int model) => metric switch
    {
        ConfusionMetric confusion => OfConfusion(confusion, model),
        LossMetric loss => OfLoss(loss, model),
        ExpectedCalibrationError calibration => OfCalibration(calibration, model),
        RSquared => OfRSquared(model),
        _ => null,
    };

    private Func<int, double> OfConfusion(ConfusionMetric metric, int model)
    {
        var k = models[model].ClassCount;
        var labels = models[model].Labels;
        var actual = Column("actual", -1, () => new SumColumn(k, [.. labels], null));
        var predicted = Column("predicted", model, () => new SumColumn(k, Top(model).Predicted, null));
        // Wrong answers go to a slot of their own.
        var hits = Column("hits", model, () => new SumColumn(k + 1, [.. Top(model).Predicted.Select((p, i) => p == labels[i] ? p : k)], null));
        var totals = new double[3 * k];
        return r =>
        {
            sums[hits].AsSpan(r * (k + 1), k).CopyTo(totals);
            sums[actual].AsSpan(r * k, k).CopyTo(totals.AsSpan(k));
            sums[predicted].AsSpan(r * k, k).CopyTo(totals.AsSpan(2 * k));
            return metric.Compute(new ClassTotals(totals));
        };
    }

    private Func<int, double> OfLoss(LossMetric metric, int model)
    {
        var ones = Ones();
        var losses = Column(metric.Name, model, () =>
        {
            var values = new double[count];
            metric.Losses(Block(model), values);
            return new SumColumn(1, null, values);
        });
        return r => metric.OfMean(sums[losses][r] / sums[ones][r]);
    }

    private Func<int, double> OfCalibration(ExpectedCalibrationError metric, int model)
    {
        var ones = Ones();
        var gaps = Column(metric.Name, model, () =>
        {
            var tally = (ReliabilityTally)metric.CreateTally(models[model].ClassCount);
            tally.Add(Block(model));
            var bin = tally.Binning();
            var (predicted, confidences) = Top(model);
            var labels = models[model].Labels;
            return new SumColumn(metric.Bins, Array.ConvertAll(confidences, c => bin(c)), [.. confidences.Select((c, i) => (predicted[i] == labels[i] ? 1.0 : 0) - c)]);
        });
        var slots = metric.Bins;
        return r =>
        {
            var total = 0.0;
            foreach (var gap in sums[gaps].AsSpan(r * slots, slots))
                total += Math.Abs(gap);
            return total / sums[ones][r];
        };
    }

    private Func<int, double> OfRSquared(int model)
    {
        var targets = models[model].Targets;
        // Around the mean, where the squares lose no digits.
        var mean = targets.Average(t => (double)t);
        var ones = Ones();
        var first = Column("target", -1, () => new SumColumn(1, null, [.. targets.Select(t => t - mean)]));
        var second = Column("squared target", -1, () => new SumColumn(1, null, [.. targets.Select(t => (t - mean) * (t - mean))]));
        var residual = Column("squared residual", model, () => new SumColumn(1, null, [.. targets.Select((t, i) => Math.Pow((double)t - models[model].Scores[i, 0], 2))]));
        return r => 1 - sums[residual][r] / (sums[second][r] - sums[first][r] * sums[first][r] / sums[ones][r]);
    }

    private int Ones() => Column("ones", -1, () => new SumColumn(1, null, null));

    private int Column(string key, int model, Func<SumColumn> create)
    {
        if (!index.TryGetValue((key, model), out var at))
        {
            index.Add((key, model), at = columns.Count);
            columns.Add(create());
        }
        return at;
    }

    private (int[] Predicted, float[] Confidences) Top(int model)
    {
        if (!top.TryGetValue(model, out var found))
        {
            var predicted = models[model].PredictedClasses();
            var confidences = new float[count];
            for (var i = 0; i < count; i++)
                confidences[i] = models[model].Scores[i, predicted[i]];
            top.Add(model, found = (predicted, confidences));
        }
        return found;
    }

    private PredictionBlock Block(int model)
    {
        var m = models[model];
        return m.IsRegression
            ? new PredictionBlock { ClassCount = 1, Scores = m.Scores.Values, Targets = m.Targets.AsSpan() }
            : new PredictionBlock { ClassCount = m.ClassCount, Scores = m.Scores.Values, Labels = m.Labels.AsSpan(), Predicted = Top(model).Predicted, Confidences = Top(model).Confidences };
    }
}
