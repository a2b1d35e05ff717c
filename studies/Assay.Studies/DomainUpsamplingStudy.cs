using System.Collections.Immutable;
using Assay.Data;
using Assay.Lab;
using Assay.Language;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Studies;

/// <summary>
/// Small language models on API prose in four groups of assemblies and additions with their working: how long the last part with raised
/// weights should be, what its timing is worth, and which domain is worth what.
/// </summary>
public sealed class DomainUpsamplingStudy : Study
{
    private const string Arithmetic = "arithmetic";
    private const int Digits = 2, Questions = 100;
    private static readonly ImmutableArray<string> Names = ["general", "collections", "text", "numerics", Arithmetic];
    private static readonly ImmutableArray<double> Base = [.70, .10, .10, .05, .05], Up = [.15, .15, .15, .15, .40];

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "domain-upsampling", 58, "Does your data spark joy? Performance gains from domain upsampling at the end of training (2024)",
        "API prose in four groups and two-digit additions with their working; the last part of training draws the small domains more often, for several lengths, against a static mix and the reverse order, and with one domain left out.");

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("target", "Upsampling at the end lifts the targeted task.", "+6.90 points MMLU, +8.26 GSM8K, +6.17 HumanEval at 7B and 1T tokens",
            "loss on unseen additions: d = 0 minus d = 0.2", "nats", ClaimDirection.AtLeast, 0.02),
        new("accuracy", "It lifts the accuracy of the target task.", "+8.26 points GSM8K", "right sums of 100 unseen additions: d = 0.2 minus d = 0", "points", ClaimDirection.AtLeast, 0),
        new("cost", "General ability pays for it at long durations.", "general ability falls at 30 %", "loss on general prose: longest d minus d = 0", "nats", ClaimDirection.AtLeast, 0),
        new("interior", "A duration of 10 to 20 % is the best trade-off.", "10 to 20 % of 5 to 30 %",
            "macro loss over all domains: the better of the shortest and the longest minus d = 0.2", "nats", ClaimDirection.AtLeast, 0),
        new("timing", "The end is the right time: the same data spread out does not reach it.", "implicit", "loss on additions: static effective mix minus d = 0.2", "nats", ClaimDirection.AtLeast, 0),
        new("reverse", "Upsampling first is worse than last.", "implicit", "loss on additions: reverse order minus d = 0.2", "nats", ClaimDirection.AtLeast, 0),
        new("attribution", "Leaving a domain out of the last part shows its worth.", "math data drive GSM8K",
            "loss on additions without additions, minus the largest such difference of another domain", "nats", ClaimDirection.AtLeast, 0),
        new("cheap", "A probe costs a fraction of a run.", "an order of magnitude", "steps of a probe over steps of a run", "times", ClaimDirection.AtMost, 0.25),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var quick = context.Scale == StudyScale.Quick;
        var (steps, characters) = quick ? (40, 200_000L) : (400, 2_500_000L);
        double[] durations = quick ? [0, 0.2] : [0, 0.1, 0.2, 0.3];
        var documents = Documents(characters);
        var tokenizer = BpeTraining.Train(documents.Documents.Where(d => !PackedCorpus.IsHeldOut(d)), 512);
        var corpus = PackedCorpus.Pack(documents, tokenizer, 128, byDomain: true);
        for (var i = 0; i < context.Seeds.Count; i++)
        {
            var seed = context.Seeds[i];
            var at = (double)i / context.Seeds.Count;
            void Progress(string note, double share) => context.Progress($"seed {seed}: {note}", at + share / context.Seeds.Count);
            var options = new UpsamplingOptions
            {
                Model = DecoderConfig.Small(64, 2, tokenizer.Vocabulary), Steps = steps, Seed = seed, Precision = Precision.Bf16, EvaluationTokens = 4_000,
                Tasks = [("sums", model => Sums(model, tokenizer, seed))],
            };
            var mix = new DomainMixSchedule(Names, Base, Up, 0.2);
            Progress("durations", 0);
            var runs = DomainUpsampling.Durations(corpus, mix, durations, options, context.Cancellation);
            Progress("controls", 0.4);
            var controls = DomainUpsampling.Controls(corpus, mix, options, context.Cancellation);
            Progress("attribution", 0.7);
            var (all, worth) = DomainUpsampling.Attribution(corpus, mix, quick ? [Arithmetic, "collections"] : [Arithmetic, "collections", "numerics"], options, context.Cancellation);
            Measure(context, seed, runs, controls, all, worth);
        }
    }

    private static void Measure(
        StudyContext context, int seed, ImmutableArray<UpsamplingRun> runs, ImmutableArray<UpsamplingRun> controls, UpsamplingRun all, ImmutableArray<DomainWorth> worth)
    {
        var (none, fifth, longest) = (runs[0], runs.Single(r => Math.Abs(r.UpShare - 0.2) < 0.01), runs[^1]);
        var shortest = runs[Math.Min(1, runs.Length - 1)];
        context.Measure("target", seed, Loss(none, Arithmetic) - Loss(fifth, Arithmetic));
        context.Measure("accuracy", seed, fifth.Tasks[0] - none.Tasks[0]);
        context.Measure("cost", seed, Loss(longest, "general") - Loss(none, "general"));
        if (runs.Length > 2)
            context.Measure("interior", seed, Math.Min(Macro(shortest), Macro(longest)) - Macro(fifth));
        context.Measure("timing", seed, Loss(controls[0], Arithmetic) - Loss(fifth, Arithmetic));
        context.Measure("reverse", seed, Loss(controls[1], Arithmetic) - Loss(fifth, Arithmetic));
        var place = all.Evaluation.Domains.Select(d => d.Domain).ToList().IndexOf(Arithmetic);
        context.Measure("attribution", seed, worth[0].Losses[place] - worth.Skip(1).Max(w => w.Losses[place]));
        context.Measure("cheap", seed, (double)fifth.Steps / controls[0].Steps);
        foreach (var run in runs.Concat(controls))
        {
            context.Observe($"{run.Name}: loss on additions, nats", Loss(run, Arithmetic));
            context.Observe($"{run.Name}: loss on general prose, nats", Loss(run, "general"));
            context.Observe($"{run.Name}: macro loss, nats", Macro(run));
            context.Observe($"{run.Name}: right sums, %", run.Tasks[0]);
        }
        foreach (var domain in worth)
            context.Observe($"worth of {domain.Domain} for additions, nats", domain.Losses[place]);
    }

    private static double Loss(UpsamplingRun run, string domain) => run.Evaluation.Domains.Single(d => d.Domain == domain).Loss;

    private static double Macro(UpsamplingRun run) => run.Evaluation.Domains.Average(d => d.Loss);

    private static TextCorpus Documents(long characters)
    {
        var prose = TextCorpus.Load("dotnet-docs");
        var (texts, domains) = (new List<string>(), new List<string>());
        var room = new Dictionary<string, long> { ["general"] = characters / 2, ["collections"] = characters / 6, ["text"] = characters / 6, ["numerics"] = characters / 6 };
        foreach (var row in SeededRandom.At(0, 58).Permutation(prose.Count))
        {
            var domain = Group(prose.Domains[row], prose.Documents[row]);
            if (room[domain] <= 0)
                continue;
            room[domain] -= prose.Documents[row].Length;
            texts.Add(prose.Documents[row]);
            domains.Add(domain);
        }
        var random = SeededRandom.At(0, 580);
        for (var length = 0L; length < characters / 6;)
        {
            var (a, b) = ColumnAddition.Draw(Digits, random);
            texts.Add(ColumnAddition.WithWorking(a, b) + "\n");
            domains.Add(Arithmetic);
            length += texts[^1].Length;
        }
        return new TextCorpus("domains", [.. texts.Select((_, i) => $"{i}")], [.. texts], CategoryColumn.FromTexts(domains));
    }

    // By the assembly, and where one holds many subjects by what the text speaks of.
    private static string Group(string assembly, string text) =>
        Speaks(assembly, text, "Collections", "Linq", "Immutable") ? "collections"
        : Speaks(assembly, text, "Numerics", "Math", "Vector") ? "numerics"
        : Speaks(assembly, text, "Text", "Xml", "Json", "Regex") ? "text" : "general";

    private static bool Speaks(string assembly, string text, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (assembly.Contains(word, StringComparison.OrdinalIgnoreCase) || text.AsSpan(0, Math.Min(200, text.Length)).Contains(word, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }

    private static double Sums(Decoder model, BpeTokenizer tokenizer, long seed)
    {
        var random = SeededRandom.At(seed, 581);
        var (right, asked) = (0, 0);
        while (asked < Questions)
        {
            var (a, b) = ColumnAddition.Draw(Digits, random);
            if (!PackedCorpus.IsHeldOut(ColumnAddition.WithWorking(a, b) + "\n"))
                continue; // it was trained on
            asked++;
            int[] prompt = [tokenizer.EndOfText!.Value, .. tokenizer.Encode(ColumnAddition.Question(a, b))];
            int[] answer = [.. TextGeneration.Generate(model, prompt, new GenerationOptions { Temperature = 0, MaxTokens = 40, Stop = [tokenizer.EndOfText.Value] })];
            right += ColumnAddition.IsRight(a, b, tokenizer.Decode(answer)) ? 1 : 0;
        }
        return 100.0 * right / Questions;
    }
}
