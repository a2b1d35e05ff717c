using Assay.Lab;
using Spectre.Console.Testing;

namespace Assay.Cli.Tests;

/// <summary>Runs the command line in this process and keeps what it printed.</summary>
internal sealed record CliRun(int Exit, string Output, string Error)
{
    public static async Task<CliRun> Of(string commandLine, string? folder = null, StudyCatalog? studies = null, CancellationToken cancellation = default) =>
        await Of(commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries), folder, studies, cancellation);

    public static async Task<CliRun> Of(string[] arguments, string? folder = null, StudyCatalog? studies = null, CancellationToken cancellation = default)
    {
        using var output = Console();
        using var error = Console();
        var environment = new CliEnvironment { Output = output, Error = error, Folder = folder ?? Environment.CurrentDirectory };
        if (studies is not null)
            environment = new CliEnvironment { Output = output, Error = error, Folder = environment.Folder, Studies = studies };
        var exit = await CliHost.RunAsync(arguments, environment, cancellation);
        return new CliRun(exit, Trimmed(output.Output), Trimmed(error.Output));
    }

    private static TestConsole Console()
    {
        var console = new TestConsole();
        console.Profile.Width = 120;
        return console;
    }

    // Spectre pads table cells up to the width; snapshots should not hold invisible spaces.
    private static string Trimmed(string text) => string.Join('\n', text.Split('\n').Select(l => l.TrimEnd()));
}
