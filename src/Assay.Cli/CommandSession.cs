using System.Collections.Immutable;
using System.CommandLine;
using Assay.Lab;
using Assay.Statistics;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary>One invocation of a command: its arguments, where it prints, and how it is cancelled.</summary>
public sealed class CommandSession
{
    private readonly ParseResult arguments;

    internal CommandSession(CliEnvironment environment, ParseResult arguments, CancellationToken cancellation)
    {
        Environment = environment;
        this.arguments = arguments;
        Cancellation = cancellation;
        Json = arguments.GetValue(environment.Options.Json);
        Quiet = arguments.GetValue(environment.Options.Quiet);
    }

    /// <summary>The world as the command sees it.</summary>
    public CliEnvironment Environment { get; }

    /// <summary>Cancelled by Ctrl-C.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>Whether the result is printed as JSON.</summary>
    public bool Json { get; }

    /// <summary>Whether nothing but errors is printed.</summary>
    public bool Quiet { get; }

    /// <summary>The value of an option, or its default.</summary>
    public T? Get<T>(Option<T> option) => arguments.GetValue(option);

    /// <summary>The value of an argument, or its default.</summary>
    public T? Get<T>(Argument<T> argument) => arguments.GetValue(argument);

    /// <summary>The value of a required option.</summary>
    public T Require<T>(Option<T> option) => arguments.GetRequiredValue(option);

    /// <summary>The value of a required argument.</summary>
    public T Require<T>(Argument<T> argument) => arguments.GetRequiredValue(argument);

    /// <summary>Whether the user gave the option.</summary>
    public bool Has(Option option) => arguments.GetResult(option) is { Implicit: false };

    /// <summary>Prints a result: as JSON with <c>--json</c>, not at all with <c>--quiet</c>, rendered otherwise.</summary>
    /// <param name="result">The result, which is what JSON shows.</param>
    /// <param name="render">What people see of it.</param>
    public void Show<T>(T result, Func<T, IRenderable> render)
    {
        ArgumentNullException.ThrowIfNull(render);
        if (Json)
            Raw(LabJson.Write(result));
        else if (!Quiet)
            Environment.Output.Write(render(result));
    }

    /// <summary>Prints text as it is, without wrapping: JSON, a schema, a path for a script. Silent with <c>--quiet</c>.</summary>
    public void Raw(string text)
    {
        if (Quiet)
            return;
        Environment.Output.Profile.Out.Writer.Write(text);
        Environment.Output.Profile.Out.Writer.Flush();
    }

    /// <summary>The command as it was given, with all its options.</summary>
    public string CommandLine => "assay " + string.Join(' ', arguments.Tokens.Select(t => t.Value.Length > 0 && t.Value.All(c => char.IsLetterOrDigit(c) || "-_./\\:=,+@%".Contains(c, StringComparison.Ordinal)) ? t.Value : $"'{t.Value.Replace("'", "'\\''", StringComparison.Ordinal)}'"));

    /// <summary>Writes a report as a page to a file that the user named, with this command as the way to do it again, and says where it is.</summary>
    public void WriteReport(string file, Report report, params ImmutableArray<long> seeds)
    {
        ArgumentNullException.ThrowIfNull(report);
        var path = Environment.PathOf(file);
        TextFile.Write(path, ReportBuilder.Write(report with { Sections = [.. report.Sections, new ReproduceSection(CommandLine) { Seeds = seeds }] }));
        Note($"report in {path}");
    }

    /// <summary>Prints a remark on standard error, where it disturbs no result: a file written, a hint. Silent with <c>--quiet</c> and <c>--json</c>.</summary>
    public void Note(string text)
    {
        if (!Quiet && !Json)
            Environment.Error.MarkupLineInterpolated($"[grey]{text}[/]");
    }

    /// <summary>Prints a warning on standard error, unless <c>--quiet</c>.</summary>
    public void Warn(string text)
    {
        if (!Quiet)
            Environment.Error.MarkupLineInterpolated($"[yellow]warning:[/] {text}");
    }

    /// <summary>Prints a failure that does not end the command as one line on standard error; with <c>--debug</c> its origin too.</summary>
    public void Error(string what, Exception failure) => CliHost.Report(Environment, what, failure, arguments.GetValue(Environment.Options.Debug));

    /// <summary>
    /// Runs long work with a progress display on standard error: a live bar with the time left on a terminal, plain lines where it is
    /// redirected, nothing with <c>--quiet</c>.
    /// </summary>
    public T WithProgress<T>(Func<IProgress<ProgressUpdate>, T> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return ProgressDisplay.Run(Environment, Quiet, work);
    }

    /// <inheritdoc cref="WithProgress{T}"/>
    public void WithProgress(Action<IProgress<ProgressUpdate>> work) => WithProgress(progress =>
    {
        work(progress);
        return true;
    });

    /// <inheritdoc cref="WithProgress{T}"/>
    public Task<T> WithProgressAsync<T>(Func<IProgress<ProgressUpdate>, Task<T>> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return ProgressDisplay.RunAsync(Environment, Quiet, work);
    }
}
