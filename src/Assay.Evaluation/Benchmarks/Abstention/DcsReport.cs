using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>A model's probabilities on one item.</summary>
/// <param name="Model">The model.</param>
/// <param name="Item">The item's id.</param>
/// <param name="Subject">Its subject; may be empty.</param>
/// <param name="Probabilities">One for each option.</param>
/// <param name="Correct">The correct options.</param>
/// <param name="Idk">The index of the abstention, or null.</param>
public sealed record AnswerDistribution(string Model, string Item, string Subject, ImmutableArray<double> Probabilities, ImmutableArray<int> Correct, int? Idk);

/// <summary>A model's scores over items.</summary>
/// <param name="Model">The model, or the subject.</param>
/// <param name="Items">The number of items.</param>
/// <param name="Dcs">The mean Distributional Correctness Score with a bootstrap interval.</param>
/// <param name="NegativeShare">The share of items below 0.</param>
/// <param name="Accuracy">The share of items whose likeliest option is correct.</param>
/// <param name="Ternary">Mean of l_c for a correct likeliest option, 0 for abstaining, −l_w for a wrong one.</param>
/// <param name="ConfidenceWeighted">Mean of the likeliest option's probability where it is correct, else 0.</param>
/// <param name="CorrectMass">Mean p_c.</param>
/// <param name="WrongMass">Mean p_w.</param>
/// <param name="IdkMass">Mean p_IDK.</param>
/// <param name="Brier">Mean Σ(p − y)² over the options, y spread evenly over the correct ones.</param>
/// <param name="LogScore">Mean −ln p_c; infinite where p_c is 0.</param>
/// <param name="Coverage">The share of items whose likeliest option is no abstention.</param>
/// <param name="SelectiveAccuracy">Accuracy on those; NaN where there are none.</param>
/// <param name="HedgedShare">Of the mass that is not correct, the share that abstains: 1 hedges, 0 guesses; NaN where all mass is correct.</param>
/// <param name="Sweep">The mean score at l_c = 1 and l_w = 0, ¼, ½, 1.</param>
public sealed record DcsScores(
    string Model, int Items, Estimate Dcs, double NegativeShare, double Accuracy, double Ternary, double ConfidenceWeighted, double CorrectMass, double WrongMass, double IdkMass, double Brier,
    double LogScore, double Coverage, double SelectiveAccuracy, double HedgedShare, ImmutableArray<double> Sweep)
{
    /// <summary>The scores by subject.</summary>
    public ImmutableArray<DcsScores> Subjects { get; init; } = [];

    /// <summary>hedges, guesses or mixes, by the hedged share (above ⅔, below ⅓, between).</summary>
    public string Behaviour => double.IsNaN(HedgedShare) ? "knows all" : HedgedShare > 2.0 / 3 ? "hedges" : HedgedShare < 1.0 / 3 ? "guesses" : "mixes";
}

/// <summary>The comparison of models by whole answer distributions.</summary>
/// <param name="Models">The models, the best DCS first.</param>
/// <param name="Threshold">t*, the belief above which answering pays.</param>
/// <param name="RankChanges">The models whose rank by DCS is not that by accuracy: (model, rank by accuracy, rank by DCS).</param>
/// <param name="Excluded">Items that could not be scored, with the reason.</param>
public sealed record DcsReport(ImmutableArray<DcsScores> Models, double Threshold, ImmutableArray<(string Model, double ByAccuracy, double ByDcs)> RankChanges, ImmutableArray<string> Excluded)
{
    /// <summary>The wrong loadings of <see cref="DcsScores.Sweep"/>.</summary>
    public static ImmutableArray<double> SweptLoadings { get; } = [0, 0.25, 0.5, 1];

    /// <summary>Scores answer distributions.</summary>
    /// <param name="answers">The answers of one or more models.</param>
    /// <param name="score">The score with its loadings, or null for l_c = l_w = 1.</param>
    /// <param name="resamples">The number of bootstrap resamples.</param>
    /// <param name="seed">Their seed.</param>
    /// <param name="renormalise">Divides probabilities by their sum instead of refusing.</param>
    /// <param name="excluded">Items that were left out before, with the reason.</param>
    /// <exception cref="ArgumentException">There are no answers, or one is malformed; the message names model and item.</exception>
    public static DcsReport Of(
        IReadOnlyCollection<AnswerDistribution> answers, DistributionalCorrectness? score = null, int resamples = 1000, long seed = 0, bool renormalise = false, ImmutableArray<string> excluded = default)
    {
        ArgumentNullException.ThrowIfNull(answers);
        score ??= new DistributionalCorrectness();
        if (answers.Count == 0)
            throw new ArgumentException("there are no answers to score", nameof(answers));
        var scored = answers.Select(a => new Scored(a, Mass(a, renormalise))).ToArray();
        var models = scored.GroupBy(s => s.Answer.Model, StringComparer.Ordinal).Select(g =>
        {
            var subjects = g.GroupBy(s => s.Answer.Subject, StringComparer.Ordinal).ToArray();
            return Scores(g.Key, [.. g], score, resamples, seed) with { Subjects = subjects.Length < 2 ? [] : [.. subjects.Select(s => Scores(s.Key, [.. s], score, resamples, seed))] };
        }).OrderByDescending(m => m.Dcs.Value).ToImmutableArray();
        double[] byAccuracy = Ranking.Of([.. models.Select(m => m.Accuracy)], descending: true), byDcs = Ranking.Of([.. models.Select(m => m.Dcs.Value)], descending: true);
        return new DcsReport(
            models, score.GuessThreshold, [.. models.Select((m, i) => (m.Model, byAccuracy[i], byDcs[i])).Where(r => r.Item2 != r.Item3)], excluded.IsDefault ? [] : excluded);
    }

    private static AnswerMass Mass(AnswerDistribution answer, bool renormalise)
    {
        try
        {
            return AnswerMass.Of(answer.Probabilities.AsSpan(), answer.Correct.AsSpan(), answer.Idk, renormalise);
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"model '{answer.Model}', item '{answer.Item}': {e.Message}", e);
        }
    }

    private static DcsScores Scores(string name, Scored[] items, DistributionalCorrectness score, int resamples, long seed)
    {
        double[] values = [.. items.Select(i => score.Of(i.Mass))];
        var answered = items.Where(i => !i.Abstains).ToArray();
        var (idk, wrong) = (items.Average(i => i.Mass.Idk), items.Average(i => i.Mass.Wrong));
        var interval = values.Length < 2 ? Interval.Unknown : BootstrapInterval.Percentile(Bootstrap.Of(values.Length, rows => rows.Average(r => values[r]), resamples, seed));
        return new DcsScores(
            name, items.Length, new Estimate(values.Average(), interval), values.Count(v => v < 0) / (double)values.Length, items.Average(i => i.IsRight ? 1.0 : 0),
            items.Average(i => i.IsRight ? score.CorrectLoading : i.Abstains ? 0 : -score.WrongLoading), items.Average(i => i.IsRight ? i.TopProbability : 0), items.Average(i => i.Mass.Correct), wrong, idk,
            items.Average(i => i.Brier), items.Average(i => -Math.Log(i.Mass.Correct)), answered.Length / (double)items.Length, answered.Length == 0 ? double.NaN : answered.Average(i => i.IsRight ? 1.0 : 0),
            idk + wrong > 1e-12 ? idk / (idk + wrong) : double.NaN, [.. SweptLoadings.Select(l => items.Average(i => new DistributionalCorrectness(1, l).Of(i.Mass)))]);
    }

    private sealed record Scored(AnswerDistribution Answer, AnswerMass Mass)
    {
        private int Top { get; } = Answer.Probabilities.IndexOf(Answer.Probabilities.Max());

        public double TopProbability => Answer.Probabilities[Top];

        public bool IsRight => Answer.Correct.Contains(Top);

        public bool Abstains => Top == Answer.Idk && !IsRight;

        public double Brier => Answer.Probabilities.Select((p, i) => Math.Pow(p - (Answer.Correct.Contains(i) ? 1.0 / Answer.Correct.Length : 0), 2)).Sum();
    }
}
