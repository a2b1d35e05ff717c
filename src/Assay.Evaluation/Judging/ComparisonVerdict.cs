using System.Collections.Immutable;
using System.Globalization;

namespace Assay.Evaluation;

/// <summary>What a comparison says in words. Classifiers are told apart by the test of their answers, other models by the interval of the first metric.</summary>
internal static class ComparisonVerdict
{
    public static ImmutableArray<string> Of(ImmutableArray<MetricComparison> metrics, ImmutableArray<PairedTest> pairs, double alpha)
    {
        var lead = metrics.FirstOrDefault(m => m.Name == "accuracy") ?? metrics.FirstOrDefault(m => m.Name == "rmse") ?? metrics[0];
        return [.. lead.Differences.Select((d, i) => Sentence(lead, d, lead.Name == "accuracy" ? pairs[i] : null, pairs.Length, alpha))];
    }

    private static string Sentence(MetricComparison metric, MetricDifference d, PairedTest? test, int pairs, double alpha)
    {
        var value = d.Difference.Value;
        if (!d.Difference.IsDefined)
            return $"{d.First} and {d.Second}: {metric.Title} is not defined on these data";
        if (test is { Outcomes.Disagreements: 0 })
            return $"{d.Second} and {d.First} are right on the same items: there is nothing to tell them apart";
        var real = test is null ? d.IsReal : test.AdjustedPValue <= alpha;
        var isPoints = metric.Name == "accuracy";
        var better = value > 0 == metric.HigherIsBetter ? d.Second : d.First;
        // From the better model's side, so that the sentence has a positive number.
        var sign = better == d.Second ? 1 : -1;
        var (low, high) = sign > 0 ? (d.Difference.Interval.Low, d.Difference.Interval.High) : (-d.Difference.Interval.High, -d.Difference.Interval.Low);
        var evidence = test is null ? $"the {100 * d.Difference.Interval.Level:0.#} % interval {(real ? "leaves out" : "holds")} 0"
            : $"{test.Test.Test} p = {P(test.Test.PValue)}{(pairs > 1 && P(test.AdjustedPValue) != P(test.Test.PValue) ? $", {P(test.AdjustedPValue)} after Holm" : "")}";
        // Points to a tenth, or as many digits as the interval leaves meaningful.
        var format = isPoints ? high - low > 0.002 ? "0.0" : "0.000" : "0.####";
        var size = $"by {Size(Math.Abs(value))}{(isPoints ? " points" : $" in {metric.Title}")} [{Size(low)}, {Size(high)}]";
        return value == 0 ? $"Cannot tell {d.Second} from {d.First}: equal {metric.Title} ({evidence})"
            : real ? $"{better} is better {size}; the difference is real at {100 * alpha:0.#} % ({evidence})"
            : $"Cannot tell {d.Second} from {d.First}: {better} is ahead {size}, which may be chance ({evidence})";

        string Size(double v) => (isPoints ? 100 * v : v).ToString(format, CultureInfo.InvariantCulture);
    }

    private static string P(double p) => p > 1 - 5e-5 ? "1" : p < 1e-4 ? p.ToString("0.0e0", CultureInfo.InvariantCulture) : p.ToString("0.0000", CultureInfo.InvariantCulture);
}
