using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// The non-decreasing map with the least squared error (Zadrozny and Elkan 2002), by pooling adjacent violators; linear between the blocks
/// and constant outside, as in scikit-learn.
/// </summary>
/// <param name="scope">To which scores the maps are fitted.</param>
[Method("isotonic-calibration", Kind = MethodKind.Calibrator)]
public sealed class IsotonicCalibrator(CalibrationScope scope = CalibrationScope.OneVersusRest) : ScoreMapCalibrator(scope)
{
    private protected override double[] FitMap(double[] probabilities, double[] logOdds, bool[] outcomes)
    {
        var order = Enumerable.Range(0, probabilities.Length).ToArray();
        Array.Sort((double[])probabilities.Clone(), order);
        var blocks = new List<(double Sum, double Weight, double Low, double High)>();
        for (var i = 0; i < order.Length;)
        {
            // Equal scores have one value whatever their outcomes.
            var (x, sum, weight) = (probabilities[order[i]], 0.0, 0.0);
            for (; i < order.Length && probabilities[order[i]] == x; i++, weight++)
                sum += outcomes[order[i]] ? 1 : 0;
            var block = (Sum: sum, Weight: weight, Low: x, High: x);
            while (blocks.Count > 0 && blocks[^1] is var last && last.Sum * block.Weight >= block.Sum * last.Weight)
            {
                block = (last.Sum + block.Sum, last.Weight + block.Weight, last.Low, block.High);
                blocks.RemoveAt(blocks.Count - 1);
            }
            blocks.Add(block);
        }
        // The block's value holds from its lowest score to its highest.
        var (scores, values) = (new List<double>(), new List<double>());
        foreach (var (sum, weight, low, high) in blocks)
        {
            scores.Add(low);
            values.Add(sum / weight);
            if (high > low)
            {
                scores.Add(high);
                values.Add(sum / weight);
            }
        }
        return [.. scores, .. values];
    }

    private protected override double Value(double[] map, double probability, double logOdds) => Interpolate(map, probability);

    private protected override bool IsMap(double[] numbers) => ArePoints(numbers);
}
