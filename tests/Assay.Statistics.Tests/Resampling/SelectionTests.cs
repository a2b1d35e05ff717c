using System.Collections.Immutable;

namespace Assay.Statistics.Tests;

public sealed class SelectionTests
{
    [Theory]
    [InlineData(100_000, SelectionQuestion.Estimate, false, 1, SelectionScheme.Holdout)]
    [InlineData(100_000, SelectionQuestion.Estimate, true, 1, SelectionScheme.ThreeWayHoldout)]
    [InlineData(300, SelectionQuestion.Estimate, false, 1, SelectionScheme.RepeatedKFold)]
    [InlineData(300, SelectionQuestion.Estimate, true, 1, SelectionScheme.Nested)]
    [InlineData(30, SelectionQuestion.Estimate, false, 1, SelectionScheme.LeaveOneOut)]
    [InlineData(100_000, SelectionQuestion.SelectSetting, true, 1, SelectionScheme.ThreeWayHoldout)]
    [InlineData(300, SelectionQuestion.SelectSetting, true, 1, SelectionScheme.RepeatedKFoldWithTestSet)]
    [InlineData(30, SelectionQuestion.SelectSetting, true, 1, SelectionScheme.LeaveOneOutWithTestSet)]
    [InlineData(300, SelectionQuestion.CompareModels, false, 2, SelectionScheme.CommonTestSet)]
    [InlineData(100_000, SelectionQuestion.CompareAlgorithms, false, 2, SelectionScheme.IndependentSets)]
    [InlineData(300, SelectionQuestion.CompareAlgorithms, false, 2, SelectionScheme.FiveByTwo)]
    [InlineData(300, SelectionQuestion.CompareAlgorithms, true, 2, SelectionScheme.Nested)]
    public void The_recommendation_map(int n, SelectionQuestion question, bool tuned, int contestants, SelectionScheme scheme)
    {
        var plan = Advisor.Plan(n, question, tuned, contestants);
        Assert.Equal(scheme, plan.Scheme);
        Assert.NotEmpty(plan.Reasons);
    }

    [Fact]
    public void Two_models_call_for_McNemar_and_more_for_Cochran_first()
    {
        Assert.StartsWith("McNemar", Advisor.Plan(100, SelectionQuestion.CompareModels, contestants: 2).Inference, StringComparison.Ordinal);
        Assert.StartsWith("Cochran", Advisor.Plan(100, SelectionQuestion.CompareModels, contestants: 3).Inference, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => Advisor.Plan(100, SelectionQuestion.CompareModels));
        Assert.Throws<ArgumentOutOfRangeException>(() => Advisor.Plan(1, SelectionQuestion.Estimate));
    }

    [Fact]
    public void Large_means_that_a_third_tests_to_two_points()
    {
        Assert.Equal(.02, ProportionInterval.Normal(Advisor.LargeFrom / 6.0, Advisor.LargeFrom / 3.0).Width / 2, 1e-5);
    }

    [Fact]
    public void The_simplest_setting_within_one_standard_error_is_chosen()
    {
        double[] best = [.80, .84, .88], near = [.81, .82, .83], far = [.70, .71, .72];
        // The best has mean .84 and standard error .04/√3 = .0231.
        Assert.Equal(1, OneStandardErrorRule.Choose([far, near, best]));
        Assert.Equal(2, OneStandardErrorRule.Choose([far, [.80, .81, .82], best]));
    }

    private static (FloatMatrix Features, ImmutableArray<int> Labels) Gaussians(int n, double gap, long seed)
    {
        var random = new SeededRandom(seed);
        ImmutableArray<int> labels = [.. Enumerable.Range(0, n).Select(i => i % 2)];
        return (new FloatMatrix([.. labels.SelectMany(y => new[] { (float)(random.NextGaussian() + gap * y), (float)random.NextGaussian() })], n, 2), labels);
    }

    [Fact]
    public void Contestants_see_the_same_splits_and_their_answers_are_kept()
    {
        var (features, labels) = Gaussians(90, 2, 1);
        var lda = new LinearDiscriminant().AsContestant("lda", features, labels, 2);
        var constant = new Contestant("zero", (_, test, _) => new int[test.Length]);
        var contest = Contest.Run([lda, constant, lda], labels, Splitters.KFold(90, 5, strata: labels.AsSpan()));
        Assert.Equal(contest.AllCorrect(0), contest.AllCorrect(2));
        Assert.Equal(.5, contest.Accuracies(1).Average(), 1e-12);
        Assert.Equal(90, contest.AllCorrect(0).Length);
        Assert.Equal(.25, contest.TestToTrain, 1e-12);
        Assert.True(contest.Accuracies(0).Average() > .75);
        Assert.True(PairedTTest.Corrected(contest.Differences(0, 1), contest.TestToTrain).IsSignificant());
        Assert.Throws<ArgumentException>(() => Contest.Run([new Contestant("short", (_, _, _) => [])], labels, Splitters.KFold(90, 5)));
    }

    [Fact]
    public void Nested_cross_validation_chooses_within_the_training_part_only()
    {
        var (features, labels) = Gaussians(60, 1.5, 2);
        var seen = new System.Collections.Concurrent.ConcurrentBag<int>();
        var good = new LinearDiscriminant().AsContestant("lda", features, labels, 2);
        var spy = new Contestant("spy", (train, test, seed) =>
        {
            foreach (var i in train.Concat(test))
                seen.Add(i);
            return good.FitPredict(train, test, seed);
        });
        var bad = new Contestant("zero", (_, test, _) => new int[test.Length]);
        var chosen = new System.Collections.Concurrent.ConcurrentBag<int>();
        var tuned = NestedCrossValidation.Tuned("tuned", [bad, spy], labels, innerFolds: 3, chosen: chosen.Add);
        var split = Splitters.Holdout(60, strata: labels.AsSpan());
        var predicted = tuned.FitPredict(split.Train, split.Train[..1], 0);
        Assert.Single(predicted);
        Assert.Empty(seen.Intersect(split.Test));
        Assert.Equal([1], chosen);
    }

    [Theory]
    [InlineData(SelectionQuestion.Estimate, 40, false)]
    [InlineData(SelectionQuestion.Estimate, 120, false)]
    [InlineData(SelectionQuestion.Estimate, 120, true)]
    [InlineData(SelectionQuestion.Estimate, 9000, true)]
    [InlineData(SelectionQuestion.SelectSetting, 40, true)]
    [InlineData(SelectionQuestion.SelectSetting, 120, true)]
    [InlineData(SelectionQuestion.CompareAlgorithms, 120, false)]
    [InlineData(SelectionQuestion.CompareAlgorithms, 120, true)]
    [InlineData(SelectionQuestion.CompareAlgorithms, 9000, false)]
    public void Every_plan_that_trains_runs_and_lands_near_the_bayes_accuracy(SelectionQuestion question, int n, bool tuned)
    {
        // Two unit Gaussians 2 apart: Bayes accuracy Φ(1) = .8413.
        var (features, labels) = Gaussians(n, 2, seed: 1);
        var lda = new Candidate("lda", [.. (tuned ? new[] { .5, 1e-6 } : [1e-6]).Select(s => new LinearDiscriminant(s).AsContestant($"shrinkage {s}", features, labels, 2))]);
        var noise = new Candidate("noise", [new Contestant("noise", (_, test, seed) => { var r = new SeededRandom(seed); return [.. test.Select(_ => r.Next(2))]; })]);
        var plan = Advisor.Plan(n, question, tuned, 2);
        var run = SelectionRun.Execute(plan, [lda, noise], labels, seed: 1);
        Assert.Equal(.8413, run.Candidates[0].Accuracy.Value, n < 100 ? .15 : n < 1000 ? .09 : .03);
        Assert.True(run.Candidates[0].Accuracy.Interval.Contains(.8413), $"{run.Candidates[0].Accuracy}");
        Assert.True(run.Candidates[1].Accuracy.Interval.Contains(.5), $"{run.Candidates[1].Accuracy}");
        if (question == SelectionQuestion.CompareAlgorithms)
            Assert.True(run.Pairs.Single().AdjustedPValue < .05, $"{run.Pairs[0]}");
    }
}
