namespace Assay.Statistics;

/// <summary>How large a difference is, whatever the number of examples that made it significant.</summary>
[Method("effect-size", Paper = 83, Kind = MethodKind.Inference)]
public static class EffectSize
{
    /// <summary>Cohen's d of paired differences, d̄/s; 0 where all are 0, infinite where all are equal.</summary>
    /// <exception cref="ArgumentException">There are fewer than two differences.</exception>
    public static double CohenD(ReadOnlySpan<double> differences)
    {
        if (differences.Length < 2)
            throw new ArgumentException($"at least two differences were expected, not {differences.Length}", nameof(differences));
        var moments = Moments.Of(differences);
        return moments.Mean == 0 ? 0 : moments.Mean / moments.StandardDeviation;
    }

    /// <summary>
    /// The conditional odds ratio b/c of paired outcomes: how many times more often only the first is right than only the second. Its interval
    /// comes from the Clopper-Pearson interval of b/(b + c), which allows b or c to be 0.
    /// </summary>
    /// <exception cref="ArgumentException">There are no disagreements.</exception>
    public static Estimate OddsRatio(PairedOutcomes outcomes, double level = 0.95)
    {
        if (outcomes.Disagreements == 0)
            throw new ArgumentException("the odds ratio of outcomes without disagreement is undefined", nameof(outcomes));
        var share = ProportionInterval.ClopperPearson(outcomes.OnlyFirst, outcomes.Disagreements, level);
        return new Estimate((double)outcomes.OnlyFirst / outcomes.OnlySecond, share.Map(static p => p / (1 - p)));
    }
}
