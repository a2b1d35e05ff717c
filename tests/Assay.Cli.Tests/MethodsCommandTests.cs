using System.Collections.Immutable;
using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using Assay.Lab;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class MethodsCommandTests
{
    [Fact]
    public async Task Help_is_what_it_is_meant_to_be()
    {
        var run = await CliRun.Of("methods --help");
        Assert.Equal(
            """
            Description:
              List the methods of the catalog, or explain one of them.

            Usage:
              assay methods [<name>] [options]

            Arguments:
              <name>  A method's name: prints its card.

            Options:
              -k, --kind <kind>     Only methods of this kind, for example loss or metric.
              -p, --paper <number>  Only methods of this paper (1 to 92); 0 for the field's standard methods.
              -?, -h, --help        Show help and usage information
              --json                Print the result as JSON.
              -q, --quiet           Print nothing but errors; the exit code tells.
              --debug               Print where an error came from.

            Examples:
              assay methods              all methods by kind
              assay methods --kind loss  what a recipe can put behind 'loss:'
              assay methods --paper 34   what implements paper 34
              assay methods dice-loss    the card: formula, parameters, paper


            """.ReplaceLineEndings("\n"), run.Output, ignoreLineEndingDifferences: true);
    }

    [Fact]
    public async Task Json_of_the_list_is_an_array_of_methods()
    {
        var run = await CliRun.Of("methods --json");
        Assert.Equal(0, run.Exit);
        Assert.Equal(JsonValueKind.Array, JsonDocument.Parse(run.Output).RootElement.ValueKind);
    }

    [Fact]
    public async Task Quiet_prints_nothing()
    {
        var run = await CliRun.Of("methods --quiet");
        Assert.Equal((0, "", ""), (run.Exit, run.Output, run.Error));
    }

    [Fact]
    public async Task An_unknown_method_is_bad_input()
    {
        var run = await CliRun.Of("methods no-such-method-anywhere");
        Assert.Equal(2, run.Exit);
        Assert.StartsWith("assay: unknown method 'no-such-method-anywhere'", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_kind_names_the_known_ones()
    {
        var run = await CliRun.Of("methods --kind lss");
        Assert.Equal(2, run.Exit);
        Assert.Contains("data-quality", run.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await CliRun.Of("methods --kind losses")).Exit);
    }

    [Fact]
    public async Task The_catalog_is_read_without_loading_libtorch()
    {
        if (!OperatingSystem.IsLinux())
            return;
        // glibc's loader tells of every library that it opens.
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "assay"), ["methods"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["LD_DEBUG"] = "files" },
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var trace = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        Assert.Contains("libcoreclr.so", trace, StringComparison.Ordinal); // the trace is there
        Assert.DoesNotContain("libtorch", trace, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_list_groups_by_kind_and_shows_the_first_sentence()
    {
        var run = await CliRun.Of("methods --kind optimizer");
        Assert.Contains("\n  optimizer\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("AdamW (Loshchilov and Hutter 2019): weight decay apart from the gradient", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("cross-entropy", run.Output, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"et al\.\n", run.Output);
    }

    [Fact]
    public async Task A_card_shows_parameters_defaults_and_their_documentation()
    {
        var run = await CliRun.Of("methods adam");
        Assert.Contains("in a recipe  adam(learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0)", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"beta1 +number +0\.9 +β₁", run.Output);
        var json = JsonDocument.Parse((await CliRun.Of("methods adam --json")).Output).RootElement;
        Assert.Equal("optimizer", json.GetProperty("kind").GetString());
        Assert.Equal("0.999", json.GetProperty("parameters")[2].GetProperty("default").GetString());
    }

    [Fact]
    public async Task A_card_tells_the_verdict_of_the_papers_study()
    {
        using var folder = new TemporaryFolder();
        var catalog = StudyCatalog.Of(Assembly.Load("Assay.Studies"));
        var study = catalog.Find("mono-forward");
        var claims = study.Claims.Select((c, i) => new ClaimResult(c.Id, c.Statement, c.Paper, 1, 1, 1, c.Unit, i == 0 ? Verdict.Contradicted : Verdict.Held, null, [1]));
        new StudyResults(folder.File("studies/results")).Write(
            study, new StudyResult("mono-forward", 1, StudyScale.Full, [0], 1, "m", ImmutableSortedDictionary<string, string>.Empty, new string('0', 64), [.. claims], []));
        var run = await CliRun.Of("methods mono-forward", folder.Path);
        Assert.Contains($"verdict of its study  {study.Claims.Length - 1} held, 1 contradicted (assay study show mono-forward)", run.Output, StringComparison.Ordinal);
    }
}
