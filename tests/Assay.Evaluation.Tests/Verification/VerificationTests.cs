using Assay.Statistics;

namespace Assay.Evaluation.Tests;

public sealed class VerificationTests
{
    private static readonly float[] Scores = [.9f, .2f, .8f, .7f, .3f, .1f, 0];
    private static readonly bool[] Same = [true, false, true, false, true, false, false];

    [Fact]
    public void Rates_of_hand_made_scores()
    {
        var report = Verification.OfScores(Scores, Same, new VerificationOptions { FalseAcceptRates = [0, .25, .1] });
        Assert.Equal((3, 4), (report.Positives, report.Negatives));
        Assert.Equal(2 / 3.0, report.Points[0].TrueAcceptRate.Value, 1e-12);
        Assert.Equal(.8, report.Points[0].Threshold, 1e-6);
        Assert.Equal(1, report.Points[1].TrueAcceptRate.Value, 1e-12); // .25 is reached at .7 with 2 of 3, and at .3 with all: the largest TAR
        Assert.Equal(.25, report.Points[1].FalseAcceptRate, 1e-12);
        Assert.False(report.Points[2].IsMeasurable); // 0.1 < 1/4
        Assert.Contains(report.Warnings, w => w.Contains("not measurable", StringComparison.Ordinal));
        Assert.Equal(6 / 7.0, report.Accuracy, 1e-12);
        Assert.Equal(.3 - .7, report.Overlap, 1e-6);
        Assert.Equal(.25, report.EqualErrorRate.Value, .13);
        Assert.Null(report.RankOne);
        Assert.Equal((3, 4), (report.Histogram.Positives.Sum(), report.Histogram.Negatives.Sum()));
    }

    [Fact]
    public void At_threshold_seven_tenths_one_negative_and_two_positives_pass()
    {
        // The brief's point: with .3 out of reach the FAR of .25 accepts 2 of 3.
        var report = Verification.OfScores([.9f, .8f, -.3f, .7f, .2f, .1f, 0], [true, true, true, false, false, false, false], new VerificationOptions { FalseAcceptRates = [.25] });
        Assert.Equal(2 / 3.0, report.Points[0].TrueAcceptRate.Value, 1e-12);
    }

    [Fact]
    public void Embeddings_of_separate_identities_are_perfect_whatever_their_length()
    {
        var random = new SeededRandom(1);
        var values = new float[40 * 8];
        var who = new int[40];
        for (var i = 0; i < 40; i++)
        {
            who[i] = 100 + i % 4;
            for (var j = 0; j < 8; j++)
                values[i * 8 + j] = (float)((j == i % 4 ? 5 : 0) + .1 * random.NextGaussian()) * (1 + i);
        }
        var report = Verification.OfEmbeddings(new FloatMatrix(values, 40, 8), who, new VerificationOptions { FalseAcceptRates = [0, .01] });
        Assert.Equal(40 * 39 / 2, report.Positives + report.Negatives);
        Assert.Equal(4 * (10 * 9 / 2), report.Positives);
        Assert.All(report.Points, p => Assert.Equal(1, p.TrueAcceptRate.Value));
        Assert.Equal(0, report.EqualErrorRate.Value);
        Assert.Equal(1, report.RankOne!.Value.Value);
        Assert.True(report.Overlap > 0);
    }

    [Fact]
    public void Scores_without_meaning_accept_as_many_of_both_sorts_and_the_interval_says_so()
    {
        var random = new SeededRandom(2);
        var values = new float[120 * 6];
        foreach (ref var v in values.AsSpan())
            v = (float)random.NextGaussian();
        var who = Enumerable.Range(0, 120).Select(i => i / 6).ToArray();
        var report = Verification.OfEmbeddings(new FloatMatrix(values, 120, 6), who, new VerificationOptions { FalseAcceptRates = [.1] });
        Assert.InRange(report.EqualErrorRate.Value, .4, .6);
        Assert.True(report.Points[0].TrueAcceptRate.Interval.Contains(.1));
        Assert.True(report.Points[0].TrueAcceptRate.Interval.Width > .02);
        var again = Verification.OfEmbeddings(new FloatMatrix(values, 120, 6), who, new VerificationOptions { FalseAcceptRates = [.1] });
        Assert.Equal(report.Points[0].TrueAcceptRate, again.Points[0].TrueAcceptRate);
    }

    [Fact]
    public void Too_many_pairs_are_sampled_with_both_sorts_in()
    {
        var random = new SeededRandom(3);
        var values = new float[300 * 4];
        var who = new int[300];
        for (var i = 0; i < 300; i++)
        {
            who[i] = i % 30;
            for (var j = 0; j < 4; j++)
                values[i * 4 + j] = (float)(Math.Sin(1 + who[i] * (j + 1)) + .2 * random.NextGaussian());
        }
        var all = Verification.OfEmbeddings(new FloatMatrix(values, 300, 4), who, new VerificationOptions { FalseAcceptRates = [.1] });
        var some = Verification.OfEmbeddings(new FloatMatrix(values, 300, 4), who, new VerificationOptions { FalseAcceptRates = [.1], MaxPairs = 20_000 });
        Assert.Equal(all.Positives, some.Positives);
        Assert.Equal(20_000, some.Positives + some.Negatives);
        Assert.Equal(all.Points[0].TrueAcceptRate.Value, some.Points[0].TrueAcceptRate.Value, .03);
        Assert.Contains(some.Warnings, w => w.Contains("at random", StringComparison.Ordinal));
    }

    [Fact]
    public void Pairs_that_are_given_are_scored_by_their_cosine()
    {
        var embeddings = new FloatMatrix([1, 0, 2, 0, 0, 3], 3, 2);
        var report = Verification.OfPairs(embeddings, [(0, 1, true), (0, 2, false), (1, 2, false)]);
        Assert.Equal((1, 0), (report.MeanPositive, report.MeanNegative));
        Assert.Equal(1, report.Accuracy);
        Assert.Throws<ArgumentException>(() => Verification.OfPairs(embeddings, [(0, 3, true)]));
    }

    [Fact]
    public void Bad_input_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Verification.OfScores([1, 2], [true]));
        Assert.Throws<ArgumentException>(() => Verification.OfScores([1, 2], [true, true]));
        Assert.Throws<ArgumentException>(() => Verification.OfScores([1, float.NaN], [true, false]));
        Assert.Throws<ArgumentException>(() => Verification.OfScores([1, 2], [true, false], new VerificationOptions { FalseAcceptRates = [2] }));
        Assert.Throws<ArgumentException>(() => Verification.OfEmbeddings(new FloatMatrix([1, 2], 2, 1), [0]));
        Assert.Throws<ArgumentException>(() => Verification.OfEmbeddings(new FloatMatrix([1, float.PositiveInfinity], 2, 1), [0, 1]));
    }
}
