using CsCheck;

namespace Assay.Evaluation.Tests;

public sealed class DistributionalCorrectnessTests
{
    private static readonly DistributionalCorrectness Even = new(), Mild = new(1, 0.5);

    private static readonly Gen<AnswerMass> Mass = Gen.Double[0, 1].Array[3].Where(p => p.Sum() > 0.01).Select(p => new AnswerMass(p[0] / p.Sum(), p[1] / p.Sum(), p[2] / p.Sum()));

    [Theory]
    [InlineData(1, 0, 0, 1, 1)]
    [InlineData(0, 1, 0, -1, -0.5)]
    [InlineData(0, 0, 1, 0, 0)]
    [InlineData(0.6, 0.4, 0, 0.2, 0.4)]
    [InlineData(0.4, 0.6, 0, -0.2, 0.1)]
    [InlineData(0.4, 0.1, 0.5, 0.15, 0.175)]
    [InlineData(0.1, 0.4, 0.5, -0.15, -0.05)]
    [InlineData(0.25, 0.75, 0, -0.5, -0.125)]
    [InlineData(0.2, 0.2, 0.6, 0, 0.04)]
    [InlineData(0.5, 0, 0.5, 0.25, 0.25)]
    public void Scores_are_the_brief_s(double c, double w, double idk, double even, double mild)
    {
        Assert.Equal(even, Even.Of(new AnswerMass(c, w, idk)), 1e-12);
        Assert.Equal(mild, Mild.Of(new AnswerMass(c, w, idk)), 1e-12);
    }

    [Fact]
    public void Log_likelihoods_become_the_brief_s_probabilities()
    {
        var p = DistributionalCorrectness.Probabilities([-1, -2, -3, -2.5]);
        double[] expected = [0.579259, 0.213097, 0.078394, 0.129250];
        Assert.All(p.Zip(expected), x => Assert.Equal(x.Second, x.First, 1e-6));
        Assert.Equal(0.250573, Even.Of(p, [0], 3), 1e-6);
        Assert.Equal(-0.387097, Even.Of(p, [1], 3), 1e-6);
        var report = DcsReport.Of([new("m", "0", "", [.. p], [0], 3), new("n", "1", "", [.. p], [1], 3)]);
        Assert.Equal(0.579259, report.Models.Single(m => m.Model == "m").ConfidenceWeighted, 1e-6);
        Assert.Equal(0, report.Models.Single(m => m.Model == "n").ConfidenceWeighted);
    }

    [Fact]
    public void Length_normalisation_flips_the_likeliest_option()
    {
        Assert.True(DistributionalCorrectness.Probabilities([-2, -4]) is [> 0.5, _]);
        var p = DistributionalCorrectness.Probabilities([-2, -4], [1, 4]);
        Assert.Equal(1 / (1 + Math.Exp(1)), p[0], 1e-12);
        Assert.Equal(0, DistributionalCorrectness.Probabilities([-1, double.NegativeInfinity])[1]);
        Assert.Throws<ArgumentException>(() => DistributionalCorrectness.Probabilities([double.NegativeInfinity, double.NegativeInfinity]));
    }

    [Theory]
    [InlineData(1, 1, 0.5)]
    [InlineData(1, 0.5, 0.333333)]
    [InlineData(1, 0, 0)]
    public void Answering_pays_above_the_threshold(double lc, double lw, double threshold)
    {
        var score = new DistributionalCorrectness(lc, lw);
        Assert.Equal(threshold, score.GuessThreshold, 1e-6);
        double Expected(double belief) => belief * score.Of(new AnswerMass(1, 0, 0)) + (1 - belief) * score.Of(new AnswerMass(0, 1, 0));
        Assert.True(Expected(threshold + 0.01) > 0);
        Assert.Equal(0, Expected(score.GuessThreshold), 1e-12);
    }

    [Fact]
    public void Guessing_evenly_breaks_even_at_two_options()
    {
        Assert.Equal(-0.5, Even.Of([0.25, 0.25, 0.25, 0.25], [2], null), 1e-12);
        Assert.Equal(0, Even.Of([0.5, 0.5], [0], null), 1e-12);
    }

    [Fact]
    public void Moving_mass_changes_the_score_as_derived() => Mass.Sample(m =>
    {
        const double e = 1e-6;
        foreach (var score in new[] { Even, Mild })
        {
            var (lc, lw) = (score.CorrectLoading, score.WrongLoading);
            var wrong = (score.Of(m with { Wrong = m.Wrong - e, Idk = m.Idk + e }) - score.Of(m)) / e;
            var right = (score.Of(m with { Correct = m.Correct - e, Idk = m.Idk + e }) - score.Of(m)) / e;
            Assert.Equal(2 * lw * m.Wrong - (lc - lw) * m.Correct, wrong, 1e-4);
            Assert.Equal(-2 * lc * m.Correct - (lc - lw) * m.Wrong, right, 1e-4);
            Assert.True(right <= 1e-5);
        }
    });

    [Fact]
    public void Directional_derivatives_of_the_brief()
    {
        const double e = 1e-7;
        double Step(DistributionalCorrectness s, double c, double w) => (s.Of(new AnswerMass(0.4 + c, 0.1 + w, 0.5 - c - w)) - s.Of(new AnswerMass(0.4, 0.1, 0.5))) / e;
        Assert.Equal(0.2, Step(Even, 0, -e), 1e-5);
        Assert.Equal(-0.8, Step(Even, -e, 0), 1e-5);
        Assert.Equal(-0.1, Step(Mild, 0, -e), 1e-5);
        Assert.Equal(-0.85, Step(Mild, -e, 0), 1e-5);
    }

    [Fact]
    public void Bounds_and_invariances() => Mass.Sample(m =>
    {
        foreach (var score in new[] { Even, Mild })
        {
            Assert.True(Math.Abs(score.Of(m)) <= (1 - m.Idk) * (1 - m.Idk) * score.CorrectLoading + 1e-12);
            Assert.Equal(0, score.Of(new AnswerMass(0, 0, 1)));
            double[] options = [m.Correct, m.Wrong, m.Idk], split = [m.Wrong / 3, m.Idk, m.Correct, 2 * m.Wrong / 3];
            Assert.Equal(score.Of(options, [0], 2), score.Of(split, [2], 1), 1e-12);
        }
        if (Even.Of(m) > 0)
            Assert.True(m.Correct > m.Wrong);
    });

    [Fact]
    public void Twenty_samples_give_the_brief_s_score_and_the_jackknife_removes_bias()
    {
        Assert.Equal(0.3375, Even.OfCounts(12, 3, 5), 1e-12);
        var random = new Assay.Statistics.SeededRandom(1);
        double plain = 0, corrected = 0;
        const int Runs = 20000;
        for (var run = 0; run < Runs; run++)
        {
            int c = 0, w = 0;
            for (var i = 0; i < 8; i++)
            {
                var u = random.NextDouble();
                c += u < 0.5 ? 1 : 0;
                w += u is >= 0.5 and < 0.6 ? 1 : 0;
            }
            plain += Even.OfCounts(c, w, 8 - c - w) / Runs;
            corrected += Even.OfCounts(c, w, 8 - c - w, jackknife: true) / Runs;
        }
        var truth = Even.Of(new AnswerMass(0.5, 0.1, 0.4));
        Assert.True(Math.Abs(plain - truth) > 0.01); // cov(p_c − p_w, 1 − p_IDK)/8 = .4·.4/8 = .02
        Assert.Equal(truth, corrected, 0.006);
    }

    [Fact]
    public void An_unanswerable_item_counts_abstaining_as_correct()
    {
        Assert.Equal((0.7, 0), (AnswerMass.Of([0.3, 0.7], [1], 1).Correct, AnswerMass.Of([0.3, 0.7], [1], 1).Idk));
        Assert.Equal(0.3, AnswerMass.Of([0.3, 0.7], [1], 1).Wrong, 1e-12);
        Assert.Equal(-0.2 + 0.4 - 0.2 + 0.2, Even.ReferenceQuirk(new AnswerMass(0.4, 0.2, 0.4)), 1e-12);
    }

    [Fact]
    public void Malformed_answers_are_refused()
    {
        Assert.Throws<ArgumentException>(() => AnswerMass.Of([0.5, 0.6], [0], null));
        Assert.Equal(0.5 / 1.1, AnswerMass.Of([0.5, 0.6], [0], null, renormalise: true).Correct, 1e-12);
        Assert.Throws<ArgumentException>(() => AnswerMass.Of([0.5, 0.5], [], null));
        Assert.Throws<ArgumentException>(() => AnswerMass.Of([0.5, 0.5], [2], null));
        Assert.Throws<ArgumentException>(() => AnswerMass.Of([1.5, -0.5], [0], null));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DistributionalCorrectness(0.5, 1));
        Assert.Equal(1, new DistributionalCorrectness(0.5, 1, allowPunitive: true).WrongLoading);
        Assert.Throws<ArgumentOutOfRangeException>(() => new DistributionalCorrectness(-1, -2));
        Assert.Contains("item 'x'", Assert.Throws<ArgumentException>(() => DcsReport.Of([new("m", "x", "", [0.1, 0.1], [0], null)])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_report_tells_hedging_from_guessing_at_equal_accuracy()
    {
        AnswerDistribution[] Answers(string model, double wrong, double idk) => [.. Enumerable.Range(0, 40).Select(i => new AnswerDistribution(model, $"{i}", i % 2 == 0 ? "a" : "b",
            i % 2 == 0 ? [0.9, 0.05, 0.05] : [0.1, wrong, idk], [0], 2))];
        var report = DcsReport.Of([.. Answers("guesser", 0.9, 0), .. Answers("hedger", 0.05, 0.85)]);
        Assert.Equal(["hedger", "guesser"], report.Models.Select(m => m.Model));
        Assert.Equal(report.Models[0].Accuracy, report.Models[1].Accuracy);
        Assert.Equal(("hedges", "guesses"), (report.Models[0].Behaviour, report.Models[1].Behaviour));
        Assert.Equal(0.5, report.Models[1].NegativeShare);
        Assert.Equal(2, report.RankChanges.Length); // tied by accuracy
        Assert.Equal(["a", "b"], report.Models[0].Subjects.Select(s => s.Model).Order());
        Assert.Equal(report.Models[0].Dcs.Value, report.Models[0].Sweep[^1], 1e-12);
    }

    [Fact]
    public void Files_are_read_in_both_forms()
    {
        var folder = Directory.CreateTempSubdirectory("assay-dcs").FullName;
        try
        {
            string Write(string name, string text)
            {
                File.WriteAllText(Path.Combine(folder, name), text);
                return Path.Combine(folder, name);
            }
            var (table, _) = DcsFile.Load(Write("a.csv", "id,model,answer,p_0,p_1,p_idk\n1,m,1,0.1,0.4,0.5\n"));
            Assert.Equal(0.15, Even.Of(table[0].Probabilities.AsSpan(), table[0].Correct.AsSpan(), table[0].Idk), 1e-7);
            var (lines, excluded) = DcsFile.Load(Write("b.jsonl", "{\"id\":\"q\",\"answer\":0,\"logl\":[-2,-4],\"choices\":[\"\",\"abc\"]}\n{\"id\":\"r\",\"answer\":[0],\"logl\":[null,null],\"idk\":1}\n"));
            Assert.Equal(1 / (1 + Math.Exp(1)), lines[0].Probabilities[0], 1e-12);
            Assert.Single(excluded);
            Assert.Contains("row 1: the answer is 3", Assert.Throws<InvalidDataException>(() => DcsFile.Load(Write("c.csv", "id,answer,p_0,p_1\n1,3,0.5,0.5\n"))).Message, StringComparison.Ordinal);
            Assert.Contains("line 1", Assert.Throws<InvalidDataException>(() => DcsFile.Load(Write("d.jsonl", "{\"id\":1}\n"))).Message, StringComparison.Ordinal);
            Assert.Contains("p_0", Assert.Throws<InvalidDataException>(() => DcsFile.Load(Write("e.csv", "id,answer\n1,0\n"))).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }
}
