using System.Collections.Immutable;
using System.CommandLine;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Cli;

/// <summary><c>assay bench dcs</c>: whole answer distributions with an option to abstain.</summary>
internal static class BenchDcsCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var files = new Argument<string[]>("answers") { Description = "Answer distributions: a table with id, answer, p_0, p_1, …, p_idk (model, subject); or JSONL with probs or logl, answer and idk. Several files are one comparison. With --endpoint: multiple-choice questions to ask.", Arity = new ArgumentArity(1, 100) };
        var correct = new Option<double>("--lc") { Description = "What a right answer brings.", HelpName = "loading", DefaultValueFactory = _ => 1 };
        var wrong = new Option<double>("--lw") { Description = "What a wrong answer costs.", HelpName = "loading", DefaultValueFactory = _ => 1 };
        var punitive = new Option<bool>("--allow-punitive") { Description = "Allow wrong answers to cost more than right ones bring." };
        var raw = new Option<bool>("--no-length") { Description = "Do not divide log-likelihoods by the options' lengths." };
        var renormalise = new Option<bool>("--renormalise") { Description = "Divide probabilities by their sum where it is not 1." };
        var seed = new Option<long>("--seed") { Description = "The seed of the bootstrap.", HelpName = "number" };
        var samples = new Option<int>("--samples") { Description = "With --endpoint: how often each question is asked at temperature 1 where the endpoint gives no token probabilities.", HelpName = "n", DefaultValueFactory = _ => 20 };
        var sampleOnly = new Option<bool>("--sample-only") { Description = "With --endpoint: sample even where the endpoint gives token probabilities." };
        var keep = new Option<string?>("--out", "-o") { Description = "With --endpoint: write the distributions as JSONL, to be scored again without asking.", HelpName = "file" };
        var chat = new EndpointOptions();
        var html = new Option<string?>("--html") { Description = "Write a report with plots.", HelpName = "file" };
        var command = new Command("dcs", "Score whole answer distributions: guessing wrong costs, abstaining is neutral, knowing is rewarded.") { files, correct, wrong, punitive, raw, renormalise, samples, sampleOnly, keep, seed, html };
        chat.AddTo(command);
        command.Example("assay bench dcs answers.csv", "DCS beside accuracy, and who hedges or guesses");
        command.Example("assay bench dcs a.jsonl b.jsonl --lw 0.5 --html dcs.html", "two models, milder costs, as a page");
        command.Example("assay bench dcs questions.jsonl --endpoint http://localhost:11434/v1 --model llama3.1 -o dcs.jsonl", "ask a chat model; the distributions are kept");
        command.Handle(environment, async session =>
        {
            (string Name, (ImmutableArray<AnswerDistribution> Answers, ImmutableArray<string> Excluded) File)[] loaded = chat.AreGiven(session)
                ? [("", (await AskAsync(session, chat, session.Require(files), session.Get(samples), session.Get(sampleOnly), session.Get(keep)), []))]
                : [.. session.Require(files).Select(f => (Path.GetFileNameWithoutExtension(f), DcsFile.Load(environment.PathOf(f), !session.Get(raw))))];
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

    private static async Task<ImmutableArray<AnswerDistribution>> AskAsync(CommandSession session, EndpointOptions chat, string[] files, int samples, bool sampleOnly, string? keep)
    {
        if (samples < 1)
            throw new ArgumentException($"--samples must be at least 1, not {samples}");
        QuestionItem[] items = [.. files.SelectMany(f => f == "sample" ? QuestionFile.Sample() : QuestionFile.Load(session.Environment.PathOf(f)))];
        using var models = chat.Open(session, most: 50);
        var answers = new List<AnswerDistribution>();
        foreach (var (name, client) in models.All)
        {
            var sampling = new DcsSampling { Samples = samples, Concurrency = chat.Concurrency(session), ModelId = name };
            var (own, sampled, unparsable) = await session.WithProgressAsync(async progress =>
            {
                progress.Report(new ProgressUpdate($"asking {name}"));
                return sampleOnly && await DcsBenchmark.SampleAsync(client, items, sampling, session.Cancellation) is var s ? (s.Answers, items.Length, s.Unparsable) : await DcsBenchmark.ByFirstTokenAsync(client, items, sampling, session.Cancellation);
            });
            if (sampled > 0)
                session.Note($"{name}: {(sampled == items.Length ? "all" : $"{sampled} of {items.Length}")} questions were sampled {samples} times{(sampleOnly ? "" : ", the endpoint gives no token probabilities")}");
            if (unparsable > 0)
                session.Warn($"{name}: {unparsable} replies name no option and count as wrong");
            answers.AddRange(own);
        }
        models.Report(session);
        if (keep is not null)
            DcsFile.Write(session.Environment.PathOf(keep), answers);
        return [.. answers];
    }
}
