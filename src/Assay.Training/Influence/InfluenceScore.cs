namespace Assay.Training;

/// <summary>A number for each training example that tells how it was learnt.</summary>
public enum InfluenceScore
{
    /// <summary>VoG: the deviation over checkpoints of the gradient of the true class's logit by the input, averaged over the input. High is hard.</summary>
    Vog,
    /// <summary>EL2N: ‖softmax(z) − onehot(y)‖₂ at an early checkpoint; the squared residual for regression. High is hard or mislabelled.</summary>
    El2n,
    /// <summary>GraNd: the norm of the loss's gradient by the last layer at an early checkpoint. High is hard.</summary>
    Grand,
    /// <summary>How often the example went from right to wrong between two looks at it; never learnt counts one more than there were looks. High is hard.</summary>
    Forgetting,
    /// <summary>The mean over training of z_y − max_{k≠y} z_k (area under the margin). Low is hard or mislabelled.</summary>
    Margin,
    /// <summary>TracIn's self-influence, Σ_t η_t ‖∇ℓ‖² by the last layer over the checkpoints. High is hard.</summary>
    TracIn,
    /// <summary>The mean loss over training. High is hard.</summary>
    Loss,
    /// <summary>The mean probability of the true class over the checkpoints. Low is hard.</summary>
    Confidence,
    /// <summary>Pointwise V-information: log₂ of how many times more probable the input makes the label, by models that did not train on the example. Low is hard or mislabelled.</summary>
    Pvi,
    /// <summary>A uniform random number: the baseline.</summary>
    Random,
}

/// <summary>What the scores have in common.</summary>
public static class InfluenceScores
{
    /// <summary>The score so turned that high is hard.</summary>
    public static double Hardness(InfluenceScore score, double value) => IsHardWhenLow(score) ? -value : value;

    /// <summary>Whether low values are the hard examples.</summary>
    public static bool IsHardWhenLow(InfluenceScore score) => score is InfluenceScore.Margin or InfluenceScore.Confidence or InfluenceScore.Pvi;

    /// <summary>Whether the score needs class labels.</summary>
    public static bool NeedsClasses(InfluenceScore score) => score is InfluenceScore.Forgetting or InfluenceScore.Margin or InfluenceScore.Confidence or InfluenceScore.Pvi;

    /// <summary>EL2N: ‖p − onehot(y)‖₂, from 0 to √2.</summary>
    /// <param name="probabilities">p.</param>
    /// <param name="label">y.</param>
    public static double El2n(ReadOnlySpan<double> probabilities, int label)
    {
        var sum = 0.0;
        for (var k = 0; k < probabilities.Length; k++)
        {
            var error = probabilities[k] - (k == label ? 1 : 0);
            sum += error * error;
        }
        return Math.Sqrt(sum);
    }

    /// <summary>PVI: log₂ g(y|x) − log₂ g∅(y).</summary>
    /// <param name="probability">g(y|x), by a model that did not train on the example.</param>
    /// <param name="prior">g∅(y), by a model that sees no input.</param>
    public static double Pvi(double probability, double prior) => Math.Log2(Math.Max(probability, double.Epsilon)) - Math.Log2(Math.Max(prior, double.Epsilon));

    /// <summary>The number of right answers that became wrong; looks + 1 for an example that was never right.</summary>
    /// <param name="right">Whether each look found it right, in order.</param>
    public static int Forgetting(ReadOnlySpan<bool> right)
    {
        if (!right.Contains(true))
            return right.Length + 1;
        var events = 0;
        for (var t = 1; t < right.Length; t++)
            events += right[t - 1] && !right[t] ? 1 : 0;
        return events;
    }

    /// <summary>VoG of one example from its gradients at the checkpoints: mean_j √((1/K) Σ_t (S_tj − S̄_j)²).</summary>
    public static double Vog(IReadOnlyList<double[]> gradients)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        if (gradients.Count == 0)
            throw new ArgumentException("at least one checkpoint was expected", nameof(gradients));
        var total = 0.0;
        for (var j = 0; j < gradients[0].Length; j++)
        {
            var mean = gradients.Average(g => g[j]);
            total += Math.Sqrt(gradients.Average(g => (g[j] - mean) * (g[j] - mean)));
        }
        return total / gradients[0].Length;
    }

    /// <summary>
    /// Each value less its class's mean, over its class's deviation (1/n); 0 in a class whose values are all equal. Without it a selection by
    /// VoG shifts the classes' shares.
    /// </summary>
    /// <param name="values">One value for each example.</param>
    /// <param name="labels">One class for each example.</param>
    public static double[] NormalizeByClass(ReadOnlySpan<double> values, ReadOnlySpan<int> labels)
    {
        if (values.Length != labels.Length)
            throw new ArgumentException($"{values.Length} values but {labels.Length} labels", nameof(labels));
        var sums = new Dictionary<int, (double N, double Sum)>();
        for (var i = 0; i < values.Length; i++)
        {
            var (n, sum) = sums.GetValueOrDefault(labels[i]);
            sums[labels[i]] = (n + 1, sum + values[i]);
        }
        var squares = new Dictionary<int, double>();
        for (var i = 0; i < values.Length; i++)
        {
            var (n, sum) = sums[labels[i]];
            squares[labels[i]] = squares.GetValueOrDefault(labels[i]) + (values[i] - sum / n) * (values[i] - sum / n);
        }
        var result = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var (n, sum) = sums[labels[i]];
            var deviation = Math.Sqrt(squares[labels[i]] / n);
            result[i] = deviation > 1e-12 * Math.Max(1, Math.Abs(sum / n)) ? (values[i] - sum / n) / deviation : 0;
        }
        return result;
    }
}
