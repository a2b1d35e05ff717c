using System.Numerics.Tensors;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>Where the probability of an answer lies.</summary>
/// <param name="Correct">p_c, on correct options.</param>
/// <param name="Wrong">p_w, on wrong ones.</param>
/// <param name="Idk">p_IDK, on abstaining.</param>
public readonly record struct AnswerMass(double Correct, double Wrong, double Idk)
{
    /// <summary>Sums the probabilities of an item's options.</summary>
    /// <param name="probabilities">One for each option, with sum 1 (±1e-4).</param>
    /// <param name="correct">The indices of the correct options. Where the abstention is among them (an unanswerable item), it counts as correct and p_IDK is 0.</param>
    /// <param name="idk">The index of the abstention, or null where there is none.</param>
    /// <param name="renormalise">Divides by the sum instead of refusing one that is not 1.</param>
    /// <exception cref="ArgumentException">A probability is negative or not finite, their sum is not 1, or an index is out of range.</exception>
    public static AnswerMass Of(ReadOnlySpan<double> probabilities, ReadOnlySpan<int> correct, int? idk, bool renormalise = false)
    {
        if (probabilities.Length < 2 || correct.IsEmpty)
            throw new ArgumentException($"two or more options and a correct one were expected, not {probabilities.Length} and {correct.Length}", nameof(probabilities));
        if (correct.ContainsAnyExceptInRange(0, probabilities.Length - 1) || idk is { } at && (uint)at >= (uint)probabilities.Length)
            throw new ArgumentException($"the correct options {string.Join(", ", correct.ToArray())} and the abstention {idk} are not all among {probabilities.Length} options", nameof(correct));
        double sum = 0, c = 0, abstain = 0;
        for (var i = 0; i < probabilities.Length; i++)
        {
            if (!(probabilities[i] >= 0 && double.IsFinite(probabilities[i])))
                throw new ArgumentException($"option {i} has the probability {probabilities[i]}", nameof(probabilities));
            sum += probabilities[i];
            if (correct.Contains(i))
                c += probabilities[i];
            else if (i == idk)
                abstain = probabilities[i];
        }
        if (!renormalise && Math.Abs(sum - 1) > 1e-4 || !(sum > 0))
            throw new ArgumentException($"the probabilities have the sum {sum}, not 1", nameof(probabilities));
        return new AnswerMass(c / sum, Math.Max(0, sum - c - abstain) / sum, abstain / sum);
    }
}

/// <summary>
/// The Distributional Correctness Score (Burns 2025): DCS = (l_c p_c − l_w p_w)(1 − p_IDK), with loadings l_c ≥ l_w ≥ 0. It ranges from −l_w
/// (sure and wrong) over 0 (abstains) to l_c (sure and right); hedging towards abstention is neutral, guessing wrong costs. It is no proper
/// scoring rule: an agent that believes an answer with b gains most with p_IDK of 0 or 1, answering where b &gt; l_w/(l_c + l_w).
/// </summary>
[Method("distributional-correctness", Paper = 92, Kind = MethodKind.Metric)]
public sealed class DistributionalCorrectness
{
    /// <summary>A score with loadings.</summary>
    /// <param name="correctLoading">l_c.</param>
    /// <param name="wrongLoading">l_w.</param>
    /// <param name="allowPunitive">Allows l_c &lt; l_w: wrong answers then cost more than right ones bring.</param>
    /// <exception cref="ArgumentOutOfRangeException">A loading is negative or not finite, or l_c &lt; l_w.</exception>
    public DistributionalCorrectness(double correctLoading = 1, double wrongLoading = 1, bool allowPunitive = false)
    {
        if (!(correctLoading >= 0 && wrongLoading >= 0 && double.IsFinite(correctLoading + wrongLoading)))
            throw new ArgumentOutOfRangeException(nameof(correctLoading), $"{correctLoading} and {wrongLoading}", "loadings of 0 or more were expected");
        if (correctLoading < wrongLoading && !allowPunitive)
            throw new ArgumentOutOfRangeException(nameof(wrongLoading), wrongLoading, $"l_w above l_c ({correctLoading}) needs the permission for punitive loadings");
        (CorrectLoading, WrongLoading) = (correctLoading, wrongLoading);
    }

    /// <summary>l_c.</summary>
    public double CorrectLoading { get; }

    /// <summary>l_w.</summary>
    public double WrongLoading { get; }

    /// <summary>t* = l_w/(l_c + l_w): an answer is worth giving where it is believed with more than this; NaN where both loadings are 0.</summary>
    public double GuessThreshold => WrongLoading / (CorrectLoading + WrongLoading);

    /// <summary>The score of an item.</summary>
    public double Of(AnswerMass mass) => (CorrectLoading * mass.Correct - WrongLoading * mass.Wrong) * (1 - mass.Idk);

    /// <summary>The score of an item.</summary>
    /// <inheritdoc cref="AnswerMass.Of"/>
    public double Of(ReadOnlySpan<double> probabilities, ReadOnlySpan<int> correct, int? idk) => Of(AnswerMass.Of(probabilities, correct, idk));

    /// <summary>
    /// The score as the public implementation computes it where it misses the abstention among its keys: its mass counts neither as abstaining
    /// nor as wrong. For comparison with numbers that were published so; do not use it otherwise.
    /// </summary>
    public double ReferenceQuirk(AnswerMass mass) => CorrectLoading * mass.Correct - WrongLoading * mass.Wrong;

    /// <summary>The score of sampled answers with the bias of its non-linearity removed by the jackknife: n·S − (n − 1)·mean of S without one answer.</summary>
    /// <param name="correct">How many answers were right.</param>
    /// <param name="wrong">How many were wrong.</param>
    /// <param name="idk">How many abstained.</param>
    /// <param name="jackknife">Whether the bias is removed.</param>
    /// <exception cref="ArgumentException">A count is negative or there are no answers.</exception>
    public double OfCounts(int correct, int wrong, int idk, bool jackknife = false)
    {
        if (correct < 0 || wrong < 0 || idk < 0 || correct + wrong + idk == 0)
            throw new ArgumentException($"counts with a positive sum were expected, not {correct}, {wrong}, {idk}");
        double n = correct + wrong + idk;
        double Score(double c, double w, double i) => Of(new AnswerMass(c / (c + w + i), w / (c + w + i), i / (c + w + i)));
        var plain = Score(correct, wrong, idk);
        if (!jackknife || n < 2)
            return plain;
        var without = (correct > 0 ? correct * Score(correct - 1, wrong, idk) : 0) + (wrong > 0 ? wrong * Score(correct, wrong - 1, idk) : 0) + (idk > 0 ? idk * Score(correct, wrong, idk - 1) : 0);
        return n * plain - (n - 1) * without / n;
    }

    /// <summary>Probabilities from the options' log-likelihoods: their softmax, each divided by its option's length first where lengths are given.</summary>
    /// <param name="logLikelihoods">One for each option; −∞ is probability 0.</param>
    /// <param name="lengths">The lengths in characters with the leading space, or empty for no normalisation.</param>
    /// <exception cref="ArgumentException">All are −∞, one is NaN or +∞, or a length is not positive.</exception>
    public static double[] Probabilities(ReadOnlySpan<double> logLikelihoods, ReadOnlySpan<int> lengths = default)
    {
        if (!lengths.IsEmpty && (lengths.Length != logLikelihoods.Length || lengths.ContainsAnyInRange(int.MinValue, 0)))
            throw new ArgumentException($"{logLikelihoods.Length} positive lengths were expected", nameof(lengths));
        var scores = logLikelihoods.ToArray();
        for (var i = 0; i < scores.Length; i++)
        {
            if (double.IsNaN(scores[i]) || double.IsPositiveInfinity(scores[i]))
                throw new ArgumentException($"option {i} has the log-likelihood {scores[i]}", nameof(logLikelihoods));
            scores[i] = lengths.IsEmpty ? scores[i] : scores[i] / lengths[i];
        }
        if (scores.Length == 0 || scores.Max() == double.NegativeInfinity)
            throw new ArgumentException("every option has the log-likelihood −∞", nameof(logLikelihoods));
        TensorPrimitives.SoftMax<double>(scores, scores);
        return scores;
    }
}
