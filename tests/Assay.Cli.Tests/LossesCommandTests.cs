using System.Text.Json;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class LossesCommandTests
{
    [Fact]
    public async Task Losses_are_ranked_on_equal_terms_with_intervals_and_tests()
    {
        using var folder = new TemporaryFolder();
        string[] arguments = ["losses", "compare", "iris", "--losses", "cross-entropy,rce, ldr-kl(lambda: 1, margin: 0)", "--epochs", "8", "--seeds", "3", "--rates", "1e-2", "--json"];
        var run = await CliRun.Of(arguments, folder.Path);
        Assert.Equal(0, run.Exit);
        var ranking = JsonDocument.Parse(run.Output).RootElement.GetProperty("ranking").EnumerateArray().ToArray();
        Assert.Equal(3, ranking.Length);
        Assert.Equal([1, 2, 3], ranking.Select(r => r.GetProperty("rank").GetInt32()));
        double Mean(string loss) => ranking.First(r => r.GetProperty("loss").GetString() == loss).GetProperty("mean").GetDouble();
        Assert.True(ranking[0].GetProperty("mean").GetDouble() >= ranking[2].GetProperty("mean").GetDouble());
        // With λ = 1 and no margin the gradient is cross-entropy's, so the same terms give the same figures.
        Assert.Equal(Mean("cross-entropy"), Mean("ldr-kl(lambda: 1, margin: 0)"), 1e-9);
    }

    [Fact]
    public async Task A_loss_for_two_classes_is_refused_for_three_before_anything_is_trained()
    {
        using var folder = new TemporaryFolder();
        string[] arguments = ["losses", "compare", "iris", "--losses", "cross-entropy,anyloss"];
        var run = await CliRun.Of(arguments, folder.Path);
        Assert.Equal(2, run.Exit);
        Assert.Contains("'anyloss' does not fit 'iris' with 3 classes", run.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await CliRun.Of("losses compare iris --losses cross-entropy --seeds 0", folder.Path)).Exit);
        Assert.Equal(2, (await CliRun.Of("losses compare iris --losses nonsense", folder.Path)).Exit);
        Assert.Equal(2, (await CliRun.Of("losses compare missing.csv --losses bce", folder.Path)).Exit);
    }
}
