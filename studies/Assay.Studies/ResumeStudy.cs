using System.Collections.Immutable;
using Assay.Data;
using Assay.Lab;
using Assay.Language;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Studies;

/// <summary>
/// One pretraining on .NET API prose, cut at its middle and gone on with in seven ways; and what data quality, precision and the loss itself
/// say about it.
/// </summary>
public sealed class ResumeStudy : Study
{
    private const int Context = 128, Batch = 16, Passes = 20, Rewarm = 50;
    private const int StepTokens = Context * Batch;

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "llama-from-scratch", 12, "Experience of Training a 1.7B-Parameter LLaMa Model From Scratch (2024)",
        "A small LLaMA on API prose, interrupted at half of its steps and resumed with and without the optimiser's state, with mitigations and with faults; clean against corrupted prose; quality of samples over the training.");

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("exact", "A full restore goes on as if nothing had happened.", "a seamless continuation",
            "largest difference of a loss between the resumed and the undisturbed run", "nats", ClaimDirection.AtMost, 0),
        new("spike", "Without the optimiser's state the loss spikes.", "loss spike and lost progress",
            "highest loss in the 50 steps after the resume, above the average before (its standard deviations)", "z", ClaimDirection.AtLeast, 6),
        new("lost-progress", "Progress is lost.", "lost progress", "excess loss of the weights-only resume over the undisturbed run, mean of 100 steps", "nats", ClaimDirection.AtLeast, 0),
        new("rewarm", "A second warm-up softens the damage.", "mitigation of the brief", "excess area: weights only minus with re-warm-up", "nats·tokens", ClaimDirection.AtLeast, 0),
        new("moments", "Filling the moments first softens the damage.", "mitigation of the brief", "excess area: weights only minus with 20 passes that fill the moments", "nats·tokens", ClaimDirection.AtLeast, 0),
        new("good-data", "Good data beat more tokens.", "20e9 tokens of FineWeb-Edu near models with 10 to 100 times the tokens",
            "validation loss on clean prose: twice the tokens with half the lines shuffled, minus clean", "nats", ClaimDirection.AtLeast, 0),
        new("text-quality", "The quality of samples follows the validation loss.", "incoherent to fluent as the loss falls",
            "Spearman's correlation of validation loss and the share of sampled 4-grams that occur in the corpus, sign turned", "", ClaimDirection.AtLeast, 0.9),
        new("precision", "Another precision alters the speed, hardly the loss.", "notes on a change of GPU", "absolute difference of the final validation loss, bf16 against float32", "nats", ClaimDirection.AtMost, 0.02),
        new("audit", "The audit names the fault of every resume.", "the brief's verdicts", "share of six resumes (full, weights only, stretched schedule, repeated data, and both mitigations) with the right verdict", "", ClaimDirection.AtLeast, 0.8),
    ];

    private sealed record Size(long Characters, int Steps);

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var size = context.Scale == StudyScale.Quick ? new Size(400_000, 80) : new Size(3_000_000, 500);
        var corpus = Some(TextCorpus.Load("dotnet-docs"), size.Characters);
        var tokenizer = BpeTraining.Train(corpus.Documents.Where(d => !PackedCorpus.IsHeldOut(d)), 1024);
        var seeds = context.Seeds;
        for (var i = 0; i < seeds.Count; i++)
        {
            var packed = PackedCorpus.Pack(corpus, tokenizer, Context, seed: 0);
            var work = new Work(context, size, seeds[i], tokenizer, packed, (double)i / seeds.Count, 1.0 / seeds.Count);
            using var folder = new TemporaryFolder();
            var whole = work.Resumes(folder.Path);
            work.DataQuality(corpus, whole);
        }
    }

    private static TextCorpus Some(TextCorpus corpus, long characters)
    {
        var rows = new List<int>();
        foreach (var row in SeededRandom.At(0, 32).Permutation(corpus.Count))
        {
            if (characters <= 0)
                break;
            rows.Add(row);
            characters -= corpus.Documents[row].Length;
        }
        return corpus.Select([.. rows]);
    }

    private sealed class Work(StudyContext context, Size size, int seed, BpeTokenizer tokenizer, PackedCorpus packed, double from, double share)
    {
        private readonly int half = size.Steps / 2;
        private int stage;

        // The rows of one epoch, as long as the run.
        private int[] Order { get; } = [.. Enumerable.Range(0, 1 + size.Steps * Batch / packed.TrainSequences)
            .SelectMany(e => SeededRandom.At(seed, 120, e).Permutation(packed.TrainSequences)).Take(size.Steps * Batch)];

        public (double Validation, ImmutableArray<PretrainingStep> Log) Resumes(string root)
        {
            var cosine = new CosineSchedule(warmup: 0.04, floor: 0.1);
            var samples = new SampleQuality(tokenizer, packed, size.Steps, seed);
            var whole = Train("undisturbed", null, null, cosine, [samples]);
            foreach (var (step, loss, known) in samples.Points)
                context.Observe($"known 4-grams at {(double)step / size.Steps:p0} of the run, share", known);
            context.Measure("text-quality", seed, -Correlation.Spearman([.. samples.Points.Select(p => p.Loss)], [.. samples.Points.Select(p => p.Known)]));
            var start = Path.Combine(root, "start");
            Train("first half", start, half, cosine);
            var branches = new (string Name, Schedule Schedule, TrainerHook[] Hooks, int[]? Rows, ResumeVerdict[] Right)[]
            {
                ("full restore", cosine, [], null, [ResumeVerdict.Clean]),
                ("weights only", cosine, [new LostOptimizerState()], null, [ResumeVerdict.OptimizerStateLost]),
                // A mitigated resume is judged by what is left of the damage; a second warm-up is a jump of the rate as well.
                ("weights only, re-warmed", new RewarmSchedule(cosine, half, Rewarm), [new LostOptimizerState()], null, [ResumeVerdict.ScheduleDiscontinuity]),
                ("weights only, moments filled", cosine, [new LostOptimizerState(Passes)], null, [ResumeVerdict.Clean]),
                ("data from the beginning", cosine, [], [.. Order[..(half * Batch)], .. Order[..((size.Steps - half) * Batch)]], [ResumeVerdict.DataRepeated]),
                ("stretched cosine", new Stretched(cosine, half), [], null, [ResumeVerdict.ScheduleDiscontinuity]),
            };
            var (right, area) = (0, new Dictionary<string, double>());
            foreach (var (name, schedule, hooks, rows, verdicts) in branches)
            {
                var folder = Path.Combine(root, name);
                Directory.CreateDirectory(folder);
                foreach (var file in Directory.EnumerateFiles(start))
                    File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
                var resumed = Train(name, folder, null, schedule, hooks, rows);
                ImmutableArray<PretrainingStep> after = [.. resumed.Log.Where(s => s.Step > half)];
                var finding = ResumeAudit.Compare([.. whole.Log.Where(s => s.Step <= half)], after, StepTokens, whole.Log);
                area[name] = finding.ExcessArea;
                right += verdicts.Contains(finding.Verdict) ? 1 : 0;
                context.Observe($"{name}: spike, nats above the average", finding.SpikeNats);
                context.Observe($"{name}: spike z", finding.SpikeScore);
                context.Observe($"{name}: excess area, nats·tokens", finding.ExcessArea);
                context.Observe($"{name}: recovery tokens (-1: not within the run)", finding.RecoveryTokens ?? -1);
                context.Observe($"{name}: final validation loss, nats", resumed.Validation);
                context.Observe($"{name}: verdict right (1) or wrong (0)", verdicts.Contains(finding.Verdict) ? 1 : 0);
                if (name == "full restore")
                    context.Measure("exact", seed, after.Zip(whole.Log.Where(s => s.Step > half), (a, b) => Math.Abs(a.Loss - b.Loss)).Max());
                if (name == "weights only")
                {
                    context.Measure("spike", seed, finding.SpikeScore);
                    context.Measure("lost-progress", seed, after.Take(100).Zip(whole.Log.Where(s => s.Step > half), (a, b) => a.Loss - b.Loss).Average());
                }
            }
            context.Measure("rewarm", seed, area["weights only"] - area["weights only, re-warmed"]);
            context.Measure("moments", seed, area["weights only"] - area["weights only, moments filled"]);
            context.Measure("audit", seed, (double)right / branches.Length);
            var single = Train("float32", null, null, cosine, precision: Precision.Fp32);
            context.Measure("precision", seed, Math.Abs(single.Validation - whole.Validation));
            context.Observe("speed, bf16 over float32", Median(whole.Log) / Median(single.Log));
            return whole;
        }

        public void DataQuality(TextCorpus corpus, (double Validation, ImmutableArray<PretrainingStep> Log) whole)
        {
            // Half of the lines lose the order of their words; the held-out documents stay clean.
            var random = SeededRandom.At(seed, 121);
            var shuffled = corpus.Documents.Select(d => PackedCorpus.IsHeldOut(d) ? d : string.Join('\n', d.Split('\n').Select(line =>
            {
                var words = line.Split(' ');
                if (random.NextDouble() < 0.5)
                    random.Shuffle<string>(words);
                return string.Join(' ', words);
            }))).ToArray();
            int[] tokens = [.. shuffled.Where((_, i) => !PackedCorpus.IsHeldOut(corpus.Documents[i])).SelectMany(d => (int[])[tokenizer.EndOfText!.Value, .. tokenizer.Encode(d)])];
            var dirty = PackedCorpus.FromTokens(Context, [("shuffled", tokens)], packed.Held);
            var more = Train("shuffled lines, all tokens", null, null, new CosineSchedule(warmup: 0.04, floor: 0.1), corpus: dirty);
            var less = Train("clean, half the tokens", null, null, new CosineSchedule(warmup: 0.04, floor: 0.1), steps: half);
            context.Measure("good-data", seed, more.Validation - less.Validation);
            context.Observe("clean prose, all tokens: validation loss, nats", whole.Validation);
            context.Observe("clean prose, half the tokens: validation loss, nats", less.Validation);
            context.Observe("half the lines shuffled, all tokens: validation loss, nats", more.Validation);
        }

        private (double Validation, ImmutableArray<PretrainingStep> Log) Train(
            string what, string? folder, long? stop, Schedule schedule, TrainerHook[]? hooks = null, int[]? rows = null, Precision precision = Precision.Bf16, PackedCorpus? corpus = null, int? steps = null)
        {
            context.Progress($"seed {seed}: {what}", from + share * Math.Min(1, stage++ / 11.0));
            var data = corpus ?? packed;
            var order = rows ?? (corpus is null ? Order : [.. Order.Select(r => r % data.TrainSequences)]);
            if (steps is { } fewer)
                order = order[..(fewer * Batch)];
            var logger = new PretrainingLogger(StepTokens);
            using var model = new Decoder(DecoderConfig.Small(64, 2, tokenizer.Vocabulary, Context), SeededRandom.At(seed, 122));
            var result = new Pretrainer(new PretrainingOptions
            {
                BatchSize = Batch, LearningRate = 3e-3, Schedule = schedule, Seed = seed, Precision = precision, Order = _ => order, StopAfterStep = stop, Evaluations = 10,
                EvaluationTokens = 1_500, CheckpointFolder = folder, CheckpointEvery = int.MaxValue, Hooks = [logger, .. hooks ?? []],
            }).Run(model, data, context.Cancellation);
            return (result.Final!.Loss, [.. logger.Steps]);
        }

        private static double Median(ImmutableArray<PretrainingStep> log)
        {
            var sorted = log.Select(s => s.TokensPerSecond).Order().ToArray();
            return sorted[sorted.Length / 2];
        }
    }

    // What the released script does: on resume the steps already done are added to the run's length before the cosine is computed.
    private sealed class Stretched(Schedule inner, long from) : Schedule
    {
        public override double Factor(long step, long total) => step < from ? inner.Factor(step, total) : inner.Factor(step, total + from);
    }

    // The share of sampled 4-grams that occur in the training tokens, at ten points of the run.
    private sealed class SampleQuality(BpeTokenizer tokenizer, PackedCorpus packed, int steps, int seed) : TrainerHook
    {
        private readonly HashSet<(int, int, int, int)> known = [.. Enumerable.Range(0, packed.Train[0].Tokens.Length - 3)
            .Select(i => (packed.Train[0].Tokens[i], packed.Train[0].Tokens[i + 1], packed.Train[0].Tokens[i + 2], packed.Train[0].Tokens[i + 3]))];

        public List<(long Step, double Loss, double Known)> Points { get; } = [];

        public override void OnRecord(TrainerState state, in CurvePoint point)
        {
            if (point.Name != "validation/loss" || point.Step % (steps / 10) != 0)
                return;
            var model = (Decoder)state.Model;
            model.eval();
            var (hits, all) = (0, 0);
            for (var sample = 0; sample < 12; sample++)
            {
                int[] made = [.. TextGeneration.Generate(model, new[] { tokenizer.EndOfText!.Value }, new GenerationOptions { MaxTokens = 48, TopK = 50, Seed = 1000 * seed + sample })];
                for (var i = 0; i + 3 < made.Length; i++, all++)
                    hits += known.Contains((made[i], made[i + 1], made[i + 2], made[i + 3])) ? 1 : 0;
            }
            model.train();
            Points.Add((point.Step, point.Value, (double)hits / Math.Max(1, all)));
        }
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("assay-resume-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
