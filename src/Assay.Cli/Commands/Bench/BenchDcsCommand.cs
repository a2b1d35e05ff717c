using System.CommandLine;
using Assay.Evaluation;
using Assay.Lab;

namespace Assay.Cli;

/// <summary><c>assay bench dcs</c>: whole answer distributions with an option to abstain.</summary>
internal static class BenchDcsCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var files = new Argument<string[]>("answers") { Description = "Answer distributions: a table with id, answer, p_0, p_1, …, p_idk (model, subject); or JSONL with probs or logl, answer and idk. Several files are one comparison.", Arity = new ArgumentArity(1, 100) };
        var correct = new Option<double>("--lc") { Description = "What a right answer brings.", HelpName = "loading", DefaultValueFactory = _ => 1 };
        var wrong = new Option<double>("--lw") { Description = "What a wrong answer costs.", HelpName = "loading", DefaultValueFactory = _ => 1 };
        var punitive = new Option<bool>("--allow-punitive") { Description = "Allow wrong answers to cost more than right ones bring." };
        var raw = new Option<bool>("--no-length") { Description = "Do not divide log-likelihoods by the options' lengths." };
        var renormalise = new Option<bool>("--renormalise") { Description = "Divide probabilities by their sum where it is not 1." };
        var seed = new Option<long>("--seed") { Description = "The seed of the bootstrap.", HelpName = "number" };
        var html = new Option<string?>("--html") { Description = "Write a report with plots.", HelpName = "file" };
        var command = new Command("dcs", "Score whole answer distributions: guessing wrong costs, abstaining is neutral, knowing is rewarded.") { files, correct, wrong, punitive, raw, renormalise, seed, html };
        command.Example("assay bench dcs answers.csv", "DCS beside accuracy, and who hedges or guesses");
        command.Example("assay bench dcs a.jsonl b.jsonl --lw 0.5 --html dcs.html", "two models, milder costs, as a page");
        command.Handle(environment, session =>
        {
            var loaded = session.Require(files).Select(f => (Name: Path.GetFileNameWithoutExtension(f), File: DcsFile.Load(environment.PathOf(f), !session.Get(raw)))).ToArray();
            // Files without a model column are models themselves.
            var answers = loaded.SelectMany(l => l.File.Answers.Select(a => loaded.Length > 1 && a.Model == "model" ? a with { Model = l.Name } : a)).ToArray();
            var report = DcsReport.Of(answers, new DistributionalCorrectness(session.Get(correct), session.Get(wrong), session.Get(punitive)), seed: session.Get(seed), renormalise: session.Get(renormalise), excluded: [.. loaded.SelectMany(l => l.File.Excluded)]);
            foreach (var item in report.Excluded)
                session.Warn($"left out: {item}");
            session.Show(report, BenchWordingRendering.Dcs);
            if (session.Get(html) is { } page)
            {
                var best = report.Models[0];
                session.WriteReport(page, new Report("Who knows, who hedges, who guesses?", $"{best.Model} has the highest score, {ReportNumbers.ValueAndInterval(best.Dcs)}; it {best.Behaviour} where it does not know.", environment.Time.GetUtcNow(), DcsSections.Of(report)), session.Get(seed));
            }
            return CliHost.Done;
        });
        return command;
    }
}
