using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// Correctness-aware calibration (arXiv 2404.13016): a temperature for each example from the model's answers on transformed copies of the
/// input. The inputs v are the probabilities, on each copy, of the k classes with the highest scores on the original (M·k numbers);
/// T = clamp(linear(relu(linear(v))), 0.1, 10); it minimises Σ w_i (q_i − r_i)² / Σ w_i, where q is the probability of the predicted class, r
/// whether it is right, and w balances right and wrong answers of a batch. Wrong answers lose confidence, right ones gain it, and no predicted
/// class changes. Without transformed copies v is the original's own top k ("CA only"). With weights, confidence is pulled to what it would be
/// if half of the answers were right: it separates better, and calibrates worse where accuracy is far from ½.
/// </summary>
[Method("correctness-aware-calibration", Paper = 27, Kind = MethodKind.Calibrator)]
public sealed class CorrectnessAwareCalibrator : SampleTemperatureCalibrator
{
    /// <summary>Creates the calibrator with the defaults of the paper's code; the number of steps, and first weights around T = 1, are ours.</summary>
    /// <param name="topK">The number of classes k, cut to the number there are.</param>
    /// <param name="includeOriginal">Whether v holds the original's probabilities too; always where there are no copies.</param>
    /// <param name="weighted">Whether right and wrong answers weigh the same; the paper's formula has no weights, its code has.</param>
    /// <param name="objective">What is minimised; the others are the paper's rivals with the same network.</param>
    /// <param name="hidden">The number of hidden units.</param>
    /// <param name="optimizer">How the network is trained.</param>
    /// <param name="steps">The number of steps.</param>
    /// <param name="batchSize">The batch of Adam.</param>
    /// <param name="learningRate">The learning rate of Adam.</param>
    /// <param name="lowest">The lowest temperature.</param>
    /// <param name="highest">The highest temperature.</param>
    /// <param name="seed">The seed of the first weights and of the order of examples.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public CorrectnessAwareCalibrator(
        int topK = 4, bool includeOriginal = false, bool weighted = true, TemperatureObjective objective = TemperatureObjective.CorrectnessAware, int hidden = 5,
        TemperatureOptimizer optimizer = TemperatureOptimizer.Adam, int steps = 5000, int batchSize = 1000, double learningRate = 1e-4, double lowest = 0.1, double highest = 10, long seed = 0)
        : base(new TemperatureTraining(objective, weighted, optimizer, steps, batchSize, learningRate, seed), hidden, lowest, highest)
    {
        TopK = topK >= 1 ? topK : throw new ArgumentOutOfRangeException(nameof(topK), topK, "at least 1 class was expected");
        (IncludeOriginal, Weighted) = (includeOriginal, weighted);
    }

    /// <summary>The number of classes k.</summary>
    public int TopK { get; }

    /// <summary>Whether the inputs hold the original's probabilities too.</summary>
    public bool IncludeOriginal { get; }

    /// <summary>Whether right and wrong answers weigh the same.</summary>
    public bool Weighted { get; }

    /// <inheritdoc/>
    public override bool UsesTransforms => true;

    private protected override int InputCount(int classes, int transforms) => Math.Min(TopK, classes) * (transforms + (IncludeOriginal || transforms == 0 ? 1 : 0));

    private protected override void Features(CalibrationData data, int row, Span<double> features)
    {
        var k = Math.Min(TopK, data.Classes);
        Span<int> top = k <= 64 ? stackalloc int[k] : new int[k];
        Top(data.Scores(row), top);
        var at = 0;
        foreach (var copy in data.Transformed)
        {
            var probabilities = copy.Row(row);
            foreach (var c in top)
                features[at++] = probabilities[c];
        }
        if (at == features.Length)
            return;
        var own = new double[data.Classes];
        data.Softmax(row, 1, own);
        foreach (var c in top)
            features[at++] = own[c];
    }

    /// <summary>The classes of the highest scores, highest first, the first of equals.</summary>
    internal static void Top(ReadOnlySpan<float> scores, Span<int> top)
    {
        var count = 0;
        for (var c = 0; c < scores.Length; c++)
        {
            var at = count;
            while (at > 0 && scores[c] > scores[top[at - 1]])
                at--;
            if (at == top.Length)
                continue;
            count = Math.Min(count + 1, top.Length);
            for (var j = count - 1; j > at; j--)
                top[j] = top[j - 1];
            top[at] = c;
        }
    }
}
