using System.CommandLine;
using System.Globalization;
using Assay.Lab;

namespace Assay.Cli;

/// <summary><c>assay runs</c>: lists, shows, queries and removes runs.</summary>
internal static class RunsCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var folder = StoreOption();
        folder.Recursive = true;
        var command = new Command("runs", "Look into the store of runs.") { folder };
        command.Add(List(environment, folder));
        command.Add(ShowOne(environment, folder));
        command.Add(Query(environment, folder));
        command.Add(Clean(environment, folder));
        command.Example("assay runs list", "all runs, the latest last");
        command.Example("assay runs show last", "settings, key figures and files of the latest run");
        command.Example("assay runs query \"select name, max(value) from curves group by name\"", "SQL over all runs");
        return command;
    }

    /// <summary>The option that names the store, for every command that writes or reads runs.</summary>
    internal static Option<string> StoreOption() => new("--runs")
    {
        Description = "The folder of the runs.",
        HelpName = "folder",
        DefaultValueFactory = _ => RunStore.DefaultFolder,
    };

    internal static RunStore StoreOf(CommandSession session, Option<string> folder) =>
        new(session.Environment.PathOf(session.Require(folder)), session.Environment.Time);

    // A run that vanishes from a list without a word would be missed too late.
    private static RunStore Opened(CommandSession session, Option<string> folder)
    {
        var store = StoreOf(session, folder);
        foreach (var fault in store.Unreadable())
            session.Warn($"left out: {fault}");
        return store;
    }

    private static Command List(CliEnvironment environment, Option<string> folder)
    {
        var status = new Option<RunStatus?>("--status") { Description = "Only runs that stand like this: running, unfinished, cancelled, failed, finished.", HelpName = "status" };
        var command = new Command("list", "List the runs with their key figures.") { status };
        command.Example("assay runs list", "all runs");
        command.Example("assay runs list --status unfinished", "those that were killed and can be resumed");
        command.Handle(environment, session =>
        {
            var runs = Opened(session, folder).List().Where(r => session.Get(status) is not { } s || r.Info.Status == s);
            session.Show(runs.Select(r => r.Info).ToArray(), RunRendering.List);
            return CliHost.Done;
        });
        return command;
    }

    private static Command ShowOne(CliEnvironment environment, Option<string> folder)
    {
        var id = new Argument<string>("id") { Description = "A run's id, a part of it that no other has, or 'last'." };
        var command = new Command("show", "Show a run: settings, key figures, curves, files.") { id };
        command.Example("assay runs show last", "the latest run");
        command.Example("assay runs show digits", "the only run with 'digits' in its id");
        command.Handle(environment, session =>
        {
            session.Show(RunCard.Of(Opened(session, folder).Find(session.Require(id))), RunRendering.Card);
            return CliHost.Done;
        });
        return command;
    }

    private static Command Query(CliEnvironment environment, Option<string> folder)
    {
        var sql = new Argument<string>("sql") { Description = "A query over the views runs, curves and predictions." };
        var command = new Command("query", "Ask the store in SQL (DuckDB), in place.") { sql };
        command.Example("assay runs query \"select id, metrics['accuracy'] from runs order by 2 desc\"", "the best run");
        command.Example("assay runs query \"select run, max(value) from curves where name = 'validation/accuracy' group by run\"", "the best epoch of each run");
        command.Example("assay runs query \"describe predictions\"", "the columns of a view");
        command.Handle(environment, session =>
        {
            var result = RunQuery.Execute(Opened(session, folder), session.Require(sql), session.Cancellation);
            if (session.Json)
                session.Raw(LabJson.Write(result.Rows.Select(row => result.Columns.Zip(row).ToDictionary(p => p.First, p => p.Second))));
            else
                session.Show(result, RunRendering.Answer);
            return CliHost.Done;
        });
        return command;
    }

    private static Command Clean(CliEnvironment environment, Option<string> folder)
    {
        var unfinished = new Option<bool>("--unfinished") { Description = "Remove runs that were killed, cancelled or failed." };
        var age = new Option<string?>("--older-than") { Description = "Remove runs that began longer ago than this: 12h, 30d, 8w.", HelpName = "age" };
        var dry = new Option<bool>("--dry-run") { Description = "Say what would be removed, remove nothing." };
        var command = new Command("clean", "Remove runs. With both options: unfinished runs older than the age.") { unfinished, age, dry };
        command.Example("assay runs clean --unfinished", "what killed or failed runs left");
        command.Example("assay runs clean --older-than 30d --dry-run", "what a month's limit would remove");
        command.Handle(environment, session =>
        {
            if (!session.Get(unfinished) && session.Get(age) is null)
                throw new ArgumentException("say what to remove: --unfinished, --older-than AGE, or both");
            var before = session.Get(age) is { } text ? environment.Time.GetUtcNow() - Age(text) : (DateTimeOffset?)null;
            var store = StoreOf(session, folder);
            var doomed = store.List().Where(r => r.Info.Status != RunStatus.Running
                && (!session.Get(unfinished) || r.Info.Status != RunStatus.Finished)
                && (before is null || r.Info.Started < before)).ToArray();
            var result = new CleanResult([.. doomed.Select(r => r.Id)], doomed.Sum(r => r.Size), session.Get(dry));
            if (!session.Get(dry))
            {
                Array.ForEach(doomed, RunStore.Delete);
                store.RemoveRemains();
            }
            session.Show(result, RunRendering.Cleaned);
            return CliHost.Done;
        });
        return command;
    }

    private static TimeSpan Age(string text)
    {
        if (text.Length > 1 && double.TryParse(text[..^1], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is >= 0 and < 1e5)
        {
            switch (text[^1])
            {
                case 'm':
                    return TimeSpan.FromMinutes(number);
                case 'h':
                    return TimeSpan.FromHours(number);
                case 'd':
                    return TimeSpan.FromDays(number);
                case 'w':
                    return TimeSpan.FromDays(7 * number);
            }
        }
        throw new ArgumentException($"'{text}' is no age: a number with m (minutes), h, d or w was expected, such as 30d");
    }
}
