namespace Assay.Evaluation.Tests;

/// <summary>
/// The published label errors, reproduced to the integer. They run where ASSAY_LABEL_ERRORS names a checkout of cleanlab/label-errors,
/// which is too large to be part of this repository.
/// </summary>
public sealed class LabelErrorBenchmarkTests
{
    private static LabelErrorBenchmark Load(string name, bool probabilities = true)
    {
        var folder = Environment.GetEnvironmentVariable("ASSAY_LABEL_ERRORS");
        Assert.SkipUnless(folder is not null && File.Exists(Path.Combine(folder, "mturk", $"{name}_mturk.json")), "set ASSAY_LABEL_ERRORS to a checkout of cleanlab/label-errors");
        var set = LabelErrorBenchmark.Load(folder, name);
        Assert.SkipWhen(probabilities && set.Probabilities is null, $"the checkout lacks the probabilities of {name}");
        return set;
    }

    private static int Count(LabelErrorBenchmark set, LabelFilter filter, double fraction = 1) => ConfidentLearning.Find(set.Labels.AsSpan(), set.Probabilities!, filter, fraction: fraction).Ranked.Length;

    [Theory]
    [InlineData("mnist", .9913, 15, 15, 15, 15, 87, 9985)]
    [InlineData("cifar10", .9294, 284, 284, 226, 244, 706, 9716)]
    [InlineData("imdb", double.NaN, 1309, 1309, 1309, 1076, 2606, 23691)]
    [InlineData("20news", double.NaN, 96, 95, 45, 55, 577, 7436)]
    public void Filters_flag_as_many_as_published(string name, double accuracy, int byClass, int byRate, int both, int confident, int predicted, int trace)
    {
        var set = Load(name);
        var found = ConfidentLearning.Find(set.Labels.AsSpan(), set.Probabilities!);
        if (!double.IsNaN(accuracy))
            Assert.Equal(accuracy, set.Labels.Zip(found.Predicted).Average(p => p.First == p.Second ? 1.0 : 0), 1e-9);
        Assert.Equal(
            [byClass, byRate, both, confident, predicted],
            new[] { LabelFilter.PruneByClass, LabelFilter.PruneByNoiseRate, LabelFilter.Both, LabelFilter.ConfidentLearning, LabelFilter.PredictedNeqGiven }.Select(f => Count(set, f)));
        Assert.Equal(trace, ConfidentJoint.Trace(found.Joint.Calibrated));
    }

    [Fact]
    public void Joints_are_as_published()
    {
        Assert.Equal(9468, ConfidentJoint.Sum(ConfidentLearning.Find(Load("mnist").Labels.AsSpan(), Load("mnist").Probabilities!).Joint.Counts));
        Assert.Equal(8852, ConfidentJoint.Sum(ConfidentLearning.Find(Load("cifar10").Labels.AsSpan(), Load("cifar10").Probabilities!).Joint.Counts));
        var imdb = ConfidentLearning.Find(Load("imdb").Labels.AsSpan(), Load("imdb").Probabilities!).Joint;
        Assert.Equal(new long[,] { { 9774, 587 }, { 489, 9682 } }, imdb.Counts);
        Assert.Equal(new long[,] { { 11792, 708 }, { 601, 11899 } }, imdb.Calibrated);
    }

    [Fact]
    public void The_most_suspicious_are_as_published()
    {
        Assert.Equal([2597, 947, 9729, 3520, 1681], ConfidentLearning.Find(Load("mnist").Labels.AsSpan(), Load("mnist").Probabilities!, rank: LabelScoring.SelfConfidence).Ranked.Take(5));
        Assert.Equal([3828, 2405, 6753], ConfidentLearning.Find(Load("cifar10").Labels.AsSpan(), Load("cifar10").Probabilities!, rank: LabelScoring.SelfConfidence).Ranked.Take(3));
    }

    [Fact]
    public void Half_of_the_noise_is_as_published()
    {
        var set = Load("cifar10");
        Assert.Equal([144, 123, 84], new[] { LabelFilter.PruneByClass, LabelFilter.PruneByNoiseRate, LabelFilter.Both }.Select(f => Count(set, f, 0.5)));
        Assert.Equal(1, Count(Load("mnist"), LabelFilter.PruneByNoiseRate, 0.5));
    }

    [Theory]
    [InlineData("mnist", 85, 10, 0, 3, 2)]
    [InlineData("cifar10", 221, 18, 0, 4, 32)]
    [InlineData("imagenet", 2524, 1428, 597, 293, 598)]
    public void Verdicts_of_reviewers_are_as_published(string name, int given, int correctable, int both, int neither, int none)
    {
        var reviews = Load(name, probabilities: false).Reviews;
        Assert.Equal(
            [given, correctable, both, neither, none],
            new[] { LabelVerdict.Given, LabelVerdict.Correctable, LabelVerdict.MultiLabel, LabelVerdict.Neither, LabelVerdict.NonAgreement }.Select(v => reviews.Count(r => r.Verdict == v)));
    }

    [Theory]
    [InlineData("mnist", 10, 5, .9927964, .9917959)]
    [InlineData("cifar10", 18, 36, .9345644, .9327579)]
    [InlineData("20news", 22, 60, .9337527, .9308084)]
    public void Corrected_accuracies_are_as_published(string name, int corrected, int dropped, double accuracy, double original)
    {
        var set = Load(name);
        var better = CorrectedTestSet.Build(set.Labels.AsSpan(), set.Verdicts());
        Assert.Equal((corrected, dropped), (better.Corrected.Length, better.Dropped.Length));
        var predicted = ConfidentLearning.Find(set.Labels.AsSpan(), set.Probabilities!).Predicted;
        Assert.Equal(accuracy, better.Accuracy(predicted.AsSpan()), 1e-7);
        Assert.Equal(original, better.Accuracy(predicted.AsSpan(), original: true), 1e-7);
    }

    [Fact]
    public void What_is_no_checkout_is_refused()
    {
        Assert.Contains("did you mean mnist?", Assert.Throws<ArgumentException>(() => LabelErrorBenchmark.Load(".", "mnst")).Message, StringComparison.Ordinal);
        Assert.Throws<DirectoryNotFoundException>(() => LabelErrorBenchmark.Load(AppContext.BaseDirectory, "mnist"));
    }
}
