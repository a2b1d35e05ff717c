using System.CommandLine;
using System.Reflection;
using System.Text.Json;
using Assay.Evaluation;
using Assay.Lab;
using Spectre.Console;

namespace Assay.Cli;

/// <summary>
/// Runs the command line and turns every way to fail into one line on standard error and an exit code: 0 done, 1 a run or check failed
/// (or a defect of ours), 2 bad usage or input, 130 cancelled.
/// </summary>
public static class CliHost
{
    /// <summary>The exit code of success.</summary>
    public const int Done = 0;

    /// <summary>The exit code of a run or check that failed.</summary>
    public const int Failed = 1;

    /// <summary>The exit code of bad usage or input.</summary>
    public const int BadInput = 2;

    /// <summary>The exit code after Ctrl-C.</summary>
    public const int Cancelled = 130;

    /// <summary>Parses the arguments and runs the command that they name.</summary>
    public static Task<int> RunAsync(IReadOnlyList<string> arguments, CliEnvironment environment, CancellationToken cancellation = default) =>
        RunAsync(AssayCli.Create(environment), arguments, environment, cancellation);

    /// <summary>Parses the arguments with a given root command and runs the command that they name.</summary>
    public static async Task<int> RunAsync(
        Command root, IReadOnlyList<string> arguments, CliEnvironment environment, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(environment);
        ParseResult parsed;
        try
        {
            parsed = root.Parse(arguments);
        }
        catch (InvalidOperationException e)
        {
            // A validator that reads a value which does not parse gets this instead of an error in the result.
            return Fail(environment, e.Message, BadInput);
        }
        if (parsed.Action is not CommandDefinition.HelpWithExamples && UsageErrors.Find(parsed) is { } problem)
            return Fail(environment, problem, BadInput);
        var configuration = new InvocationConfiguration
        {
            Output = environment.Output.Profile.Out.Writer,
            Error = environment.Error.Profile.Out.Writer,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // Program handles the signals
        };
        try
        {
            return await parsed.InvokeAsync(configuration, cancellation).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            return Report(environment, Unwrap(e), parsed.GetValue(environment.Options.Debug));
        }
    }

    private static int Report(CliEnvironment environment, Exception e, bool debug)
    {
        var (message, exit) = e switch
        {
            OperationCanceledException => ("cancelled", Cancelled),
            InvalidDataException or ArgumentException or FormatException or JsonException or FileNotFoundException or DirectoryNotFoundException
                or IOException or UnauthorizedAccessException => (FailureText.Of(e), BadInput),
            HttpRequestException or ChatBudgetException => (FailureText.Of(e), Failed),
            _ => ($"{FailureText.Of(e)} (run with --debug for details)", Failed),
        };
        if (debug && exit != Cancelled)
            environment.Error.Profile.Out.Writer.WriteLine(e.ToString());
        return Fail(environment, message, exit);
    }

    /// <summary>Prints a failure that the command survives.</summary>
    internal static void Report(CliEnvironment environment, string what, Exception failure, bool debug)
    {
        if (debug)
            environment.Error.Profile.Out.Writer.WriteLine(failure.ToString());
        Fail(environment, $"{what}: {FailureText.Of(failure)}", Failed);
    }

    private static int Fail(CliEnvironment environment, string message, int exit)
    {
        // Written past Spectre: an error line must not be wrapped, a script may read it.
        environment.Error.Profile.Out.Writer.WriteLine($"assay: {OneLine(message)}");
        return exit;
    }

    private static Exception Unwrap(Exception e) => e is AggregateException or TargetInvocationException && e.InnerException is { } inner ? Unwrap(inner) : e;

    private static string OneLine(string message) =>
        string.Join("; ", message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(l => l.TrimEnd('.')));
}
