using System.CommandLine;
using Assay.Lab;

namespace Assay.Cli;

/// <summary><c>assay study</c>: lists, explains, runs and checks the studies.</summary>
internal static class StudyCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var output = new Option<string?>("--output", "-o") { Description = "The folder of the results; studies/results of the repository by default.", HelpName = "folder", Recursive = true };
        var command = new Command("study", "Run the studies: each measures the main claims of one paper and says whether they hold.") { output };
        command.Add(List(environment, output));
        command.Add(ShowOne(environment, output));
        command.Add(StudyRunCommand.Create(environment, output));
        command.Add(Check(environment, output));
        command.Add(WriteLedger(environment, output));
        command.Example("assay study list", "all studies with their verdicts");
        command.Example("assay study show mono-forward", "the claims of a study and what was measured");
        command.Example("assay study run mono-forward --scale quick", "measure again, in at most a minute");
        command.Example("assay study check", "exit code 1 where a result is missing or stale");
        return command;
    }

    internal static StudyResults ResultsOf(CommandSession session, Option<string?> output, StudyScale scale = StudyScale.Full) =>
        session.Get(output) is { } folder ? new StudyResults(session.Environment.PathOf(folder)) : StudyResults.Near(session.Environment.Folder, scale);

    internal static StudyResult? Kept(StudyResults results, Study study) => results.Read(study) ?? StudyResults.ReadEmbedded(study);

    private static Command List(CliEnvironment environment, Option<string?> output)
    {
        var command = new Command("list", "List the studies with their verdicts.");
        command.Example("assay study list", "all studies");
        command.Example("assay study list --json", "the same for a script");
        command.Handle(environment, session =>
        {
            var results = ResultsOf(session, output);
            session.Show(environment.Studies.Studies.Select(s => StudyLine.Of(s, Kept(results, s))).ToArray(), StudyRendering.List);
            return CliHost.Done;
        });
        return command;
    }

    private static Command ShowOne(CliEnvironment environment, Option<string?> output)
    {
        var name = new Argument<string>("name") { Description = "A slug (mono-forward) or a paper's number." };
        var command = new Command("show", "Explain a study: its claims, the paper's figures, and what was measured.") { name };
        command.Example("assay study show mono-forward", "by slug");
        command.Example("assay study show 1", "by the paper's number");
        command.Handle(environment, session =>
        {
            var study = environment.Studies.Find(session.Require(name));
            session.Show(StudyCard.Of(study, Kept(ResultsOf(session, output), study)), StudyRendering.Card);
            return CliHost.Done;
        });
        return command;
    }

    private static Command Check(CliEnvironment environment, Option<string?> output)
    {
        var command = new Command("check", "Exit with 1 when a study has no full result, or one older than its source.");
        command.Example("assay study check", "what must run again before a release");
        command.Handle(environment, session =>
        {
            var results = ResultsOf(session, output);
            var states = environment.Studies.Studies.Select(s => new StudyState(s.Info.Paper, s.Info.Slug, results.StateOf(s))).ToArray();
            session.Show(states, StudyRendering.States);
            return states.All(s => s.State == ResultState.Current) ? CliHost.Done : CliHost.Failed;
        });
        return command;
    }

    private static Command WriteLedger(CliEnvironment environment, Option<string?> output)
    {
        var command = new Command("ledger", "Write LEDGER.md over the kept results, without running anything.");
        command.Example("assay study ledger", "after results were merged or removed");
        command.Handle(environment, session =>
        {
            var results = ResultsOf(session, output);
            Directory.CreateDirectory(results.Folder);
            results.WriteLedger(environment.Studies);
            session.Show(new { ledger = results.LedgerPath }, r => new Spectre.Console.Text(r.ledger + "\n"));
            return CliHost.Done;
        });
        return command;
    }
}
