using System.Globalization;
using Assay.Statistics;
using Spectre.Console;

namespace Assay.Cli;

/// <summary>Shows <see cref="ProgressUpdate"/>s of long work on standard error.</summary>
internal static class ProgressDisplay
{
    public static T Run<T>(CliEnvironment environment, bool quiet, Func<IProgress<ProgressUpdate>, T> work)
    {
        if (quiet)
            return work(new Silent());
        return IsLive(environment.Error)
            ? Live(environment).Start(context => work(new LiveBars(context)))
            : work(new PlainLines(environment.Error, environment.Time));
    }

    public static Task<T> RunAsync<T>(CliEnvironment environment, bool quiet, Func<IProgress<ProgressUpdate>, Task<T>> work)
    {
        if (quiet)
            return work(new Silent());
        return IsLive(environment.Error)
            ? Live(environment).StartAsync(context => work(new LiveBars(context)))
            : work(new PlainLines(environment.Error, environment.Time));
    }

    private static bool IsLive(IAnsiConsole console) => console.Profile.Capabilities is { Interactive: true, Ansi: true };

    private static Progress Live(CliEnvironment environment) =>
        new Progress(environment.Error, environment.Time) { AutoClear = true, HideCompleted = true, RefreshRate = TimeSpan.FromMilliseconds(200) }.Columns(
            new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new SpinnerColumn());

    private sealed class Silent : IProgress<ProgressUpdate>
    {
        public void Report(ProgressUpdate value)
        {
        }
    }

    /// <summary>One bar, that of the current stage.</summary>
    private sealed class LiveBars(ProgressContext context) : IProgress<ProgressUpdate>
    {
        private readonly Lock gate = new();
        private ProgressTask? task;
        private string stage = "";

        public void Report(ProgressUpdate value)
        {
            lock (gate)
            {
                if (task is null || value.Stage != stage)
                {
                    task?.StopTask();
                    task = context.AddTask(Markup.Escape(value.Stage));
                    stage = value.Stage;
                }
                task.IsIndeterminate = value.Total <= 0;
                task.MaxValue = value.Total > 0 ? value.Total : 1;
                task.Value = value.Total > 0 ? value.Done : 0;
                task.Description = value.Note is null ? Markup.Escape(value.Stage) : $"{Markup.Escape(value.Stage)} [grey]{Markup.Escape(value.Note)}[/]";
            }
        }
    }

    /// <summary>
    /// A line when a stage begins and then at most every ten seconds, so that a log stays short and still tells that work goes on.
    /// </summary>
    private sealed class PlainLines(IAnsiConsole console, TimeProvider time) : IProgress<ProgressUpdate>
    {
        private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
        private readonly Lock gate = new();
        private string? stage;
        private long stageStart;
        private long lastLine;

        public void Report(ProgressUpdate value)
        {
            lock (gate)
            {
                var now = time.GetTimestamp();
                var isNew = value.Stage != stage;
                if (!isNew && time.GetElapsedTime(lastLine, now) < Interval)
                    return;
                if (isNew)
                    stageStart = now;
                stage = value.Stage;
                lastLine = now;
                console.Profile.Out.Writer.WriteLine(Line(value, time.GetElapsedTime(stageStart, now)));
            }
        }

        private static string Line(ProgressUpdate value, TimeSpan elapsed)
        {
            var line = value.Stage;
            if (value.Fraction is > 0 and < 1 && elapsed > TimeSpan.Zero)
            {
                var left = elapsed * ((1 - value.Fraction) / value.Fraction);
                line += string.Create(CultureInfo.InvariantCulture, $": {value.Fraction:P0}, {Units.Duration(left)} left");
            }
            return value.Note is null ? line : $"{line} ({value.Note})";
        }
    }
}
