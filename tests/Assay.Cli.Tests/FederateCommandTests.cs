using System.Text.Json;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class FederateCommandTests
{
    [Fact]
    public async Task Methods_are_compared_on_the_same_clients()
    {
        using var folder = new TemporaryFolder();
        string[] arguments =
        [
            "federate", "iris", "--methods", "fedavg,fedavg(momentum: 0.5), fedlex(epochs: 2, explorers: 0.5, control: ones)", "--clients", "4", "--rounds", "6", "--fraction", "0.5",
            "--model", "mlp(8)", "--seeds", "2", "--late", "0.2", "--central", "--html", "page.html", "--json",
        ];
        var run = await CliRun.Of(arguments, folder.Path);
        Assert.True(run.Exit == 0, run.Error);
        var result = JsonDocument.Parse(run.Output).RootElement;
        var methods = result.GetProperty("methods").EnumerateArray().ToArray();
        Assert.Equal(["fedavg", "fedavgm", "fedlex, ones"], methods.Select(m => m.GetProperty("method").GetString()));
        Assert.Equal(6, methods[0].GetProperty("curve").GetArrayLength());
        // Guidance by ones is FedAvg, to the last digit.
        Assert.Equal(methods[0].GetProperty("accuracy").GetDouble(), methods[2].GetProperty("accuracy").GetDouble());
        Assert.InRange(result.GetProperty("central").GetDouble(), 0.3, 1);
        Assert.Contains("Accuracy of the global model", File.ReadAllText(Path.Combine(folder.Path, "page.html")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recipe_trains_a_federation_and_resumes_it()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "f.yaml"), "data: iris\nalgorithm: \"federated(model: mlp(8), method: scaffold, split: dirichlet(0.5), clients: 4, rounds: 5)\"\n");
        var run = await CliRun.Of("train f.yaml --json", folder.Path);
        Assert.True(run.Exit == 0, run.Error);
        Assert.Contains("accuracy", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("federate iris --methods fedsomething", "fedsomething")]
    [InlineData("federate iris --fraction 0", "--fraction must be above 0")]
    [InlineData("federate diabetes", "has no class labels")]
    [InlineData("federate iris --split pathological(9)", "9 classes a client")]
    [InlineData("federate iris --fail 2", "a share from 0 to 1")]
    public async Task Wrong_wishes_are_refused_in_one_line(string arguments, string expected)
    {
        using var folder = new TemporaryFolder();
        var run = await CliRun.Of(arguments, folder.Path);
        Assert.Equal(2, run.Exit);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }
}
