using System.CommandLine;
using Spectre.Console.Testing;

namespace Assay.Cli.Tests;

public sealed class HostTests
{
    [Fact]
    public async Task Without_arguments_it_teaches_and_succeeds()
    {
        var run = await CliRun.Of("");
        Assert.Equal(0, run.Exit);
        Assert.Contains("assay methods", run.Output, StringComparison.Ordinal);
        Assert.Contains("--help", run.Output, StringComparison.Ordinal);
        Assert.Empty(run.Error);
    }

    [Fact]
    public async Task Version_is_one_line()
    {
        var run = await CliRun.Of("--version");
        Assert.Equal(0, run.Exit);
        Assert.Matches(@"^assay \d+\.\d+\.\d+\n$", run.Output);
    }

    [Theory]
    [InlineData("metods", "assay: unknown command 'metods'; did you mean methods? (see: assay --help)")]
    [InlineData("methods --knd loss", "assay: unknown option '--knd'; did you mean --kind? (see: assay methods --help)")]
    [InlineData("methods --paper five", "assay: --paper takes an integer, not 'five' (see: assay methods --help)")]
    [InlineData("methods --kind", "assay: Required argument missing for option: '--kind' (see: assay methods --help)")]
    [InlineData("methods a b", "assay: unexpected argument 'b' (see: assay methods --help)")]
    public async Task Bad_usage_is_one_line_and_exit_code_2(string commandLine, string expected)
    {
        var run = await CliRun.Of(commandLine);
        Assert.Equal(2, run.Exit);
        Assert.Equal(expected + "\n", run.Error);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task Every_command_has_a_description_and_an_example()
    {
        using var console = new TestConsole();
        var root = AssayCli.Create(new CliEnvironment { Output = console, Error = console });
        foreach (var path in Leaves(root, ""))
        {
            var help = await CliRun.Of($"{path} --help");
            Assert.Equal(0, help.Exit);
            Assert.Contains("Description:\n  ", help.Output, StringComparison.Ordinal);
            Assert.True(help.Output.Contains("\nExamples:\n  assay ", StringComparison.Ordinal), $"'assay {path}' has no example");
        }
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task An_exception_becomes_one_line_and_an_exit_code(Exception exception, int exit, string line)
    {
        var (code, error) = await RunThrowing(exception, "");
        Assert.Equal(exit, code);
        Assert.Equal(line + "\n", error);
    }

    public static TheoryData<Exception, int, string> Failures => new()
    {
        { new InvalidDataException("data.csv(3,7): 'x' is no number"), 2, "assay: data.csv(3,7): 'x' is no number" },
        { new ArgumentException("seeds must be positive", "seeds"), 2, "assay: seeds must be positive" },
        { new ArgumentOutOfRangeException("rate", -1, "the learning rate must be positive"), 2, "assay: the learning rate must be positive; Actual value was -1" },
        { new FormatException("bad"), 2, "assay: bad" },
        { new UnauthorizedAccessException("access to 'x' is denied."), 2, "assay: access to 'x' is denied" },
        { new AggregateException(new IOException("disk full")), 2, "assay: disk full" },
        { new OperationCanceledException(), 130, "assay: cancelled" },
        { new InvalidOperationException("surprise\nsecond line"), 1, "assay: surprise; second line (run with --debug for details)" },
    };

    [Fact]
    public async Task Debug_shows_where_an_error_came_from()
    {
        var (_, error) = await RunThrowing(new InvalidOperationException("surprise"), "--debug");
        Assert.Contains("System.InvalidOperationException: surprise\n   at ", error, StringComparison.Ordinal);
    }

    private static async Task<(int Exit, string Error)> RunThrowing(Exception exception, string options)
    {
        using var output = new TestConsole();
        using var error = new TestConsole();
        var environment = new CliEnvironment { Output = output, Error = error };
        var root = AssayCli.Create(environment);
        var command = new Command("fail");
        command.Handle(environment, int (_) => throw exception);
        root.Add(command);
        var exit = await CliHost.RunAsync(root, $"fail {options}".Split(' ', StringSplitOptions.RemoveEmptyEntries), environment);
        return (exit, error.Output);
    }

    private static IEnumerable<string> Leaves(Command command, string path)
    {
        foreach (var child in command.Subcommands)
        {
            var below = $"{path} {child.Name}".Trim();
            if (child.Subcommands.Count == 0 || child.Action is not null)
                yield return below;
            foreach (var leaf in Leaves(child, below))
                yield return leaf;
        }
    }
}
