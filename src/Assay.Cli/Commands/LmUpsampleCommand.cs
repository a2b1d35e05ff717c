using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Assay.Language;
using Assay.Statistics;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary><c>assay lm upsample</c>: which domains to raise at the end of training, for how long, and what each is worth.</summary>
internal static class LmUpsampleCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var corpus = new Argument<string>("corpus") { Description = "A folder of texts (subfolder = domain), or a table with a text and a domain column." };
        var mix = new Option<string>("--mix") { Description = "Base weights, DOMAIN=WEIGHT with commas; by default each domain's share of the characters." };
        var up = new Option<string>("--up") { Description = "Weights of the last part, DOMAIN=WEIGHT with commas; domains not named keep their base weight.", Required = true };
        var durations = new Option<string>("--durations") { Description = "The lengths of the last part to try, as shares of the run.", DefaultValueFactory = _ => "0,0.1,0.2" };
        var probe = new Option<string>("--probe") { Description = "Domains to leave out of the last part one at a time, with commas, at the longest duration: what is each worth?" };
        var controls = new Option<bool>("--controls") { Description = "Train the static mix with the same data and the reverse order as well." };
        var steps = new Option<int>("--steps") { Description = "The optimiser steps of a run.", DefaultValueFactory = _ => 300 };
        var width = new Option<int>("--width") { Description = "The width of the model, a multiple of 32.", DefaultValueFactory = _ => 64 };
        var layers = new Option<int>("--layers") { Description = "The number of blocks.", DefaultValueFactory = _ => 2 };
        var vocabulary = new Option<int>("--vocabulary") { Description = "The number of tokens that BPE learns.", DefaultValueFactory = _ => 1024 };
        var context = new Option<int>("--context") { Description = "The tokens of a sequence.", DefaultValueFactory = _ => 128 };
        var batch = new Option<int>("--batch") { Description = "The sequences of a step.", DefaultValueFactory = _ => 16 };
        var seed = new Option<long>("--seed") { Description = "Decides weights, split and draws.", DefaultValueFactory = _ => 0 };
        var command = new Command("upsample", "Try domain upsampling at the end of training (paper 58) on your corpus: branches for several lengths, controls, and the worth of each domain.")
        {
            corpus, mix, up, durations, probe, controls, steps, width, layers, vocabulary, context, batch, seed,
        };
        command.Example("assay lm upsample texts/ --up code=0.5,math=0.3", "is a last part with more code and math worth it?");
        command.Example("assay lm upsample texts/ --up code=0.5 --probe code,math --durations 0,0.2", "what each domain is worth");
        command.Handle(environment, session =>
        {
            var texts = LmCommand.Corpus(environment, session.Require(corpus));
            var names = texts.Domains.Names;
            var shares = new double[names.Length];
            for (var i = 0; i < texts.Count; i++)
                shares[texts.Domains.Codes[i]] += texts.Documents[i].Length;
            var (based, raised) = (Weights(session.Get(mix), names, DomainMixSchedule.Tempered(shares, 1), "--mix", others: 0), default(ImmutableArray<double>));
            raised = Weights(session.Require(up), names, based, "--up", others: null);
            double[] lengths = [.. session.Get(durations)!.Split(',').Select(Number)];
            var schedule = new DomainMixSchedule(names, based, raised, lengths.Max());
            var result = session.WithProgress(progress =>
            {
                progress.Report(new ProgressUpdate("learning tokens"));
                var tokenizer = BpeTraining.Train(texts.Documents.Where(d => !PackedCorpus.IsHeldOut(d, seed: session.Get(seed))), session.Get(vocabulary), cancellation: session.Cancellation);
                var packed = PackedCorpus.Pack(texts, tokenizer, session.Get(context), seed: session.Get(seed), byDomain: true);
                var options = new UpsamplingOptions
                {
                    Model = DecoderConfig.Small(session.Get(width), session.Get(layers), tokenizer.Vocabulary, session.Get(context)).Validate(), Steps = session.Get(steps),
                    BatchSize = session.Get(batch), Seed = session.Get(seed), Progress = progress,
                };
                var runs = DomainUpsampling.Durations(packed, schedule, lengths, options, session.Cancellation);
                if (session.Get(controls))
                    runs = [.. runs, .. DomainUpsampling.Controls(packed, schedule, options, session.Cancellation)];
                var worth = session.Get(probe) is { } probes ? DomainUpsampling.Attribution(packed, schedule, probes.Split(','), options, session.Cancellation).Worth : [];
                var sizes = names.Select(n => packed.Train.FirstOrDefault(t => t.Domain == n).Tokens?.LongLength ?? 0).ToArray();
                var tokens = (double)session.Get(steps) * session.Get(batch) * session.Get(context);
                return new UpsamplingCard(runs, worth, [.. names.Zip(schedule.Epochs(tokens, sizes))], schedule.Warnings(tokens, sizes));
            });
            foreach (var warning in result.Warnings)
                session.Warn(warning);
            session.Show(result, r => r.Render());
            return CliHost.Done;
        });
        return command;
    }

    private static ImmutableArray<double> Weights(string? given, ImmutableArray<string> domains, ImmutableArray<double> otherwise, string option, double? others)
    {
        if (given is null)
            return otherwise;
        var weights = others is { } rest ? [.. Enumerable.Repeat(rest, domains.Length)] : otherwise;
        foreach (var part in given.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var at = part.LastIndexOf('=');
            var index = at > 0 ? domains.IndexOf(part[..at]) : -1;
            if (index < 0)
                throw new ArgumentException($"{option} {part}: DOMAIN=WEIGHT was expected, with a domain of {string.Join(", ", domains.Take(20))}");
            weights = weights.SetItem(index, Number(part[(at + 1)..]));
        }
        return weights;
    }

    private static double Number(string text) => double.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : throw new FormatException($"'{text}' is no number");
}

/// <summary>What an upsampling experiment found.</summary>
internal sealed record UpsamplingCard(
    ImmutableArray<UpsamplingRun> Runs, ImmutableArray<DomainWorth> Worth, ImmutableArray<(string Domain, double Passes)> Passes, ImmutableArray<string> Warnings)
{
    public IRenderable Render()
    {
        var domains = Runs[0].Evaluation.Domains;
        var table = new Spectre.Console.Table().Border(TableBorder.Simple).Title("loss on held-out texts, nats a token").AddColumns(["run", "steps of its own", "all", .. domains.Take(12).Select(d => d.Domain)]);
        foreach (var run in Runs)
            table.AddRow([run.Name, .. new[] { $"{run.Steps}", Text(run.Evaluation.Loss) }, .. run.Evaluation.Domains.Take(12).Select(d => Text(d.Loss))]);
        if (Worth.IsEmpty)
            return table;
        var worth = new Spectre.Console.Table().Border(TableBorder.Simple).Title("what leaving a domain out of the last part costs, nats").AddColumns(["without", .. domains.Take(12).Select(d => d.Domain)]);
        foreach (var domain in Worth)
            worth.AddRow([domain.Domain, .. domain.Losses.Take(12).Select(Text)]);
        return new Rows(table, worth);

        static string Text(double value) => value.ToString("f3", CultureInfo.InvariantCulture);
    }
}
