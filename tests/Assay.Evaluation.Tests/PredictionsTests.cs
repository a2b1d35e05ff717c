using Assay.Statistics;

namespace Assay.Evaluation.Tests;

public sealed class PredictionsTests
{
    private static Predictions Of(float[] scores, int classes, int[]? labels = null, ScoreKind kind = ScoreKind.Probabilities) => new()
    {
        Model = "m",
        Kind = kind,
        Scores = new FloatMatrix(scores, scores.Length / classes, classes),
        Labels = labels is null ? [] : [.. labels],
    };

    [Theory]
    [InlineData(new[] { .5f, .5f, .4f, .5f }, "row 1: the probabilities sum to 0.9,")]
    [InlineData(new[] { .5f, .5f, .2f, 1.5f }, "class '1' in row 1: the probability is 1.5, outside [0, 1]")]
    [InlineData(new[] { -.5f, 1.5f, .5f, .5f }, "class '0' in row 0: the probability is -0.5, outside [0, 1]")]
    [InlineData(new[] { .5f, .5f, .5f, float.NaN }, "class '1' in row 1: a score was expected, it is missing")]
    public void Bad_probabilities_are_refused_with_the_row(float[] scores, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => Of(scores, 2).Validate()).Message, StringComparison.Ordinal);

    [Fact]
    public void The_first_bad_row_of_many_is_named()
    {
        var scores = Enumerable.Repeat(.5f, 200_000).ToArray();
        scores[2 * 70_000] = .9f;
        scores[2 * 60_001] = .9f;
        Assert.Contains("row 60001:", Assert.Throws<ArgumentException>(() => Of(scores, 2).Validate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sums_may_miss_one_by_the_tolerance_only()
    {
        Of([.5f, .5005f], 2).Validate();
        Assert.Throws<ArgumentException>(() => Of([.5f, .502f], 2).Validate());
        Of([.5f, .502f], 2).Validate(tolerance: 0.01);
    }

    [Fact]
    public void Labels_out_of_range_and_parts_of_other_lengths_are_refused()
    {
        Assert.Contains("label 2 of row 1", Assert.Throws<ArgumentException>(() => Of([.5f, .5f, .5f, .5f], 2, [0, 2]).Validate()).Message, StringComparison.Ordinal);
        Assert.Contains("1 labels for 2", Assert.Throws<ArgumentException>(() => Of([.5f, .5f, .5f, .5f], 2, [0]).Validate()).Message, StringComparison.Ordinal);
        Assert.Contains("labels are missing", Assert.Throws<ArgumentException>(() => Judgement.Of(Of([.5f, .5f], 2))).Message, StringComparison.Ordinal);
        Assert.Contains("not one-hot", Assert.Throws<ArgumentException>(() => Of([1, 1], 2, kind: ScoreKind.Classes).Validate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Softmax_survives_large_logits()
    {
        var p = Of([1000, 999, -1000, -1000], 2, kind: ScoreKind.Logits).ToProbabilities().Scores;
        Assert.Equal(1 / (1 + Math.Exp(-1)), p[0, 0], 1e-6);
        Assert.Equal(0.5, p[1, 0], 1e-7);
        Assert.Contains("row 0: a score was expected, it is infinite", Assert.Throws<ArgumentException>(() => Of([float.PositiveInfinity, 0], 2, kind: ScoreKind.Logits).Validate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Slices_are_judged_by_themselves()
    {
        var predictions = new Predictions
        {
            Model = "m",
            Kind = ScoreKind.Classes,
            Scores = new FloatMatrix([1, 0, 1, 0, 0, 1], 3, 2),
            Labels = [0, 1, 1],
            Slices = System.Collections.Immutable.ImmutableDictionary<string, CategoryColumn>.Empty.Add("city", CategoryColumn.FromTexts(["a", "a", "b"])),
        };
        var slices = Judgement.BySlice(predictions, "city");
        Assert.Equal(["a", "b"], slices.Select(s => s.Slice));
        Assert.Equal([0.5, 1.0], slices.Select(s => s.Judgement["accuracy"].Estimate.Value));
        Assert.Contains("are: city", Assert.Throws<ArgumentException>(() => Judgement.BySlice(predictions, "town")).Message, StringComparison.Ordinal);
    }
}
