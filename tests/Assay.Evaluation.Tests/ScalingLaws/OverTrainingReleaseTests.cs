namespace Assay.Evaluation.Tests;

/// <summary>The over-training paper's released experiments. They are not ours to ship: set ASSAY_OVERTRAINING to a checkout of mlfoundations/scaling.</summary>
public sealed class OverTrainingReleaseTests
{
    private static OverTrainingRelease Release()
    {
        var folder = Environment.GetEnvironmentVariable("ASSAY_OVERTRAINING");
        Assert.SkipWhen(string.IsNullOrEmpty(folder), "ASSAY_OVERTRAINING is not set");
        return OverTrainingRelease.Read(folder!);
    }

    [Fact]
    public void The_rule_selects_the_papers_17_tasks()
    {
        var release = Release();
        Assert.Equal(46, release.Tasks.Length);
        string[] named =
        [
            "bigbench_operators", "bigbench_dyck_languages", "bigbench_novel_concepts", "bigbench_cs_algorithms", "bigbench_qa_wikidata", "pubmed_qa_labeled", "hellaswag", "hellaswag_zeroshot",
            "boolq", "arc_easy", "coqa", "lambada_openai", "winograd", "commonsense_qa", "copa", "squad", "piqa",
        ];
        Assert.Equal(named.Order(StringComparer.Ordinal), release.SelectTasks());
        Assert.Equal(0.8088, release.SelectTasks().Average(t => 1 - release.Chance[t]), 1e-4);
        Assert.Equal(0.7500, release.Tasks.Average(t => 1 - release.Chance[t]), 1e-4);
    }

    [Theory]
    [InlineData("c4_original", 29, 2.079)]
    [InlineData("rpj", 30, 1.579)]
    [InlineData("rw_original", 30, 1.775)]
    public void The_law_of_five_runs_predicts_the_others(string dataset, int others, double error)
    {
        var runs = Release().Select(dataset);
        var fitted = OverTrainingRelease.FittingSet(runs);
        Assert.Equal(5, fitted.Length);
        var law = OverTrainingLaw.FitTo(fitted);
        var rest = runs.Except(fitted).ToArray();
        Assert.Equal(others, rest.Length);
        Assert.Equal(error, 100 * rest.Average(r => Math.Abs(law.Value(r.N, r.D) / r.Loss - 1)), 2e-3);
    }

    [Theory]
    [InlineData("rpj", true, 0.8569921, 2.2064856, 0.7145897)]
    [InlineData("rw_original", true, 0.8652795, 2.2148158, 0.7070487)]
    [InlineData("c4_original", true, 0.8497421, 2.0789034, 0.7561201)]
    [InlineData("rpj", false, 0.7608495, 1.3228996, 0.8907081)]
    public void The_error_law_of_six_runs_has_the_constants_of_an_independent_fit(string dataset, bool isSelection, double epsilon, double k, double gamma)
    {
        var release = Release();
        var runs = release.Select(dataset, tasks: isSelection ? null : release.Tasks);
        var fitted = OverTrainingRelease.ErrorFittingSet(runs);
        Assert.Equal(6, fitted.Length);
        var law = DownstreamErrorLaw.FitTo([.. fitted.Select(r => r.Loss)], [.. fitted.Select(r => r.Error)]);
        Assert.Equal(1, law.Epsilon / epsilon, 1e-4);
        Assert.Equal(1, law.K / k, 1e-3);
        Assert.Equal(1, law.Gamma / gamma, 1e-3);
    }

    [Fact]
    public void The_error_of_the_most_over_trained_run_is_predicted_from_its_predicted_loss()
    {
        var runs = Release().Select("rpj");
        var (loss, fitted) = (OverTrainingLaw.FitTo(OverTrainingRelease.FittingSet(runs)), OverTrainingRelease.ErrorFittingSet(runs));
        var error = DownstreamErrorLaw.FitTo([.. fitted.Select(r => r.Loss)], [.. fitted.Select(r => r.Error)]);
        var run = runs.Single(r => r.N == 1439795200 && r.Multiplier > 600);
        Assert.Equal(0.4752, run.Error, 1e-4);
        Assert.Equal(0.4925, error.Value(loss.Value(run.N, run.D)), 1e-4);
    }
}
