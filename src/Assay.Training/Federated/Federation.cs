using System.Collections.Immutable;
using Assay.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>The state of one run of a federation.</summary>
internal sealed partial class Federation
{
    private readonly ImmutableArray<IFederatedClient> clients;
    private readonly FederatedOptions options;
    private readonly FederatedRule rule;
    private readonly float[] weights;
    private readonly int[] able;
    private readonly List<FederatedRound> rounds = [];
    private readonly List<string> warnings = [];
    private readonly List<(Task<Answer> Answer, int Client, int Round)> pending = [];
    private readonly List<(ClientUpdate Update, int Due)> delayed = [];
    private readonly string name;
    private readonly float[]?[] guided;
    private float[] buffers;
    private long up, down;
    private CancellationToken stop;

    public Federation(nn.Module<Tensor, Tensor> model, ImmutableArray<IFederatedClient> clients, FederatedMethod method, FederatedOptions options)
    {
        (Model, this.clients, this.options, name) = (model, clients, options, method.Name);
        (weights, buffers) = (ModelVector.Weights(model), ModelVector.Buffers(model));
        guided = new float[clients.Length][];
        able = [.. Enumerable.Range(0, clients.Length).Where(k => clients[k].Examples > 0)];
        if (able.Length < clients.Length)
            Warn($"{clients.Length - able.Length} of {clients.Length} clients have no data and are never asked");
        rule = method.Start(new FederationSetup(ModelVector.Layout(model), [.. clients.Select(c => c.Examples)], options.Optimizer, options.Seed, AskAllAsync, w => NewRequest(0, w), Warn));
    }

    public nn.Module<Tensor, Tensor> Model { get; }

    private sealed record Answer(ClientUpdate? Update, string? Error);

    public async Task<FederatedResult> RunAsync(TensorDataset? test, CancellationToken cancellation)
    {
        stop = cancellation;
        var resumedFrom = Load();
        if (resumedFrom == 0 && rounds.Count == 0)
        {
            await rule.PrepareAsync(weights).ConfigureAwait(false);
            if (up > 0)
                Add(new FederatedRound(0, 0, 0, 0, 0, 0, double.NaN, double.NaN, double.NaN, double.NaN, up, down));
            Save(0);
        }
        for (var round = resumedFrom + 1; round <= options.Rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            await RoundAsync(round, test).ConfigureAwait(false);
            Save(round);
        }
        SetModel();
        return new FederatedResult(Model, [.. rounds], (rule as FedLex.Rule)?.Matrix, [.. warnings], resumedFrom);
    }

    private async Task RoundAsync(int round, TensorDataset? test)
    {
        var sampled = Sample(round);
        rule.BeginRound(sampled);
        var tasks = sampled.Select(k => (Client: k, Task: AskAsync(k, rule.Adapt(k, NewRequest(round, weights))))).ToArray();
        await WaitAsync([.. tasks.Select(t => t.Task)]).ConfigureAwait(false);
        var (answers, failed, broken, late) = (new List<ClientUpdate>(), 0, 0, 0);
        foreach (var (client, task) in tasks)
        {
            if (!task.IsCompleted)
            {
                late++;
                pending.Add((task, client, round));
            }
            else if (task.Result.Update is not { } update)
            {
                failed++;
                Warn($"client {client} failed: {task.Result.Error}");
            }
            else if (update.RoundsLate > 0)
            {
                late++;
                delayed.Add((update, round + update.RoundsLate));
            }
            else if (IsFinite(update))
            {
                answers.Add(update);
            }
            else
            {
                broken++;
                Warn($"client {client} answered what is not finite");
            }
        }
        answers.AddRange(Arrived(round, ref failed, ref broken));
        var drift = Merge(answers);
        SetModel();
        var (accuracy, loss) = test is null ? (double.NaN, double.NaN) : Evaluate(test);
        Add(new FederatedRound(
            round, sampled.Length, answers.Count, failed, broken, late, accuracy, loss, answers.Count > 0 ? answers.Average(a => a.Loss) : double.NaN, drift, up, down));
    }

    // The answers of earlier rounds that have come by now.
    private List<ClientUpdate> Arrived(int round, ref int failed, ref int broken)
    {
        var arrived = new List<ClientUpdate>();
        foreach (var one in pending.Where(p => p.Answer.IsCompleted && p.Round < round).ToArray())
        {
            pending.Remove(one);
            if (one.Answer.Result.Update is { } update)
                arrived.Add(update with { RoundsLate = round - one.Round });
            else
                failed++;
        }
        foreach (var one in delayed.Where(d => d.Due <= round).ToArray())
        {
            delayed.Remove(one);
            arrived.Add(one.Update);
        }
        broken += arrived.RemoveAll(u => !IsFinite(u));
        return options.Late == LateAnswers.Discount ? arrived : [];
    }

    // Shares n_k/n, those of late answers discounted. Sorted, so that the order of arrival does not matter.
    private double Merge(List<ClientUpdate> answers)
    {
        if (answers.Count < options.MinimumAnswers)
        {
            Warn($"a round had fewer than {options.MinimumAnswers} answers: the weights stayed");
            return double.NaN;
        }
        answers.Sort((a, b) => (a.Client, a.RoundsLate).CompareTo((b.Client, b.RoundsLate)));
        var all = answers.Sum(a => (double)a.Examples);
        WeightedUpdate[] weighted = [.. answers.Select(a => new WeightedUpdate(a, a.Examples / all / Math.Sqrt(1 + a.RoundsLate)))];
        var before = (float[])weights.Clone();
        rule.Aggregate(weights, weighted);
        if (weights.Any(w => !float.IsFinite(w)))
            throw new NonFiniteLossException(rounds.Count, "the global model", null, "the average of finite answers overflowed; a smaller server rate may help");
        if (buffers.Length > 0)
        {
            buffers = new float[buffers.Length];
            var total = weighted.Sum(w => w.Share);
            foreach (var (update, share) in weighted)
            {
                for (var i = 0; i < buffers.Length; i++)
                    buffers[i] += (float)(share / total * update.Buffers[i]);
            }
        }
        return Drift(weighted, before.Length);
    }

    private static double Drift(WeightedUpdate[] answers, int length)
    {
        var mean = new double[length];
        var total = answers.Sum(a => a.Share);
        foreach (var (update, share) in answers)
        {
            for (var i = 0; i < length; i++)
                mean[i] += share / total * update.Delta[i];
        }
        return answers.Average(a =>
        {
            var sum = 0.0;
            for (var i = 0; i < length; i++)
                sum += (a.Update.Delta[i] - mean[i]) * (a.Update.Delta[i] - mean[i]);
            return Math.Sqrt(sum);
        });
    }

    // Clients that still work on an earlier round are not asked again.
    private int[] Sample(int round)
    {
        var wanted = Math.Max((int)(options.Fraction * clients.Length), 1);
        var count = (int)Math.Ceiling(wanted * (1 + options.Oversample));
        int[] free = [.. able.Where(k => pending.All(p => p.Client != k))];
        SeededRandom.At(options.Seed, 864, round).Shuffle(free.AsSpan());
        return [.. free.Take(count).Order()];
    }

    private ClientRequest NewRequest(int round, float[] from) => new()
    {
        Round = round,
        Seed = 0,
        Weights = (float[])from.Clone(),
        Buffers = buffers,
        Epochs = options.LocalEpochs,
        BatchSize = options.BatchSize,
        Optimizer = options.RateDecay == 1 || round == 0 ? options.Optimizer : options.Optimizer.WithLearningRate(options.Optimizer.LearningRate * Math.Pow(options.RateDecay, round - 1)),
        ClipNorm = options.ClipNorm,
    };

    private async Task<IReadOnlyList<ClientUpdate>> AskAllAsync(IReadOnlyList<int> asked, ClientRequest request)
    {
        var answers = await Task.WhenAll(asked.Select(k => AskAsync(k, request))).ConfigureAwait(false);
        return [.. answers.Select(a => a.Update).OfType<ClientUpdate>().Where(IsFinite).OrderBy(u => u.Client)];
    }

    // Whatever a client throws is its failure, not the federation's.
    private async Task<Answer> AskAsync(int client, ClientRequest request)
    {
        // A guidance matrix is sent to a client once, not with every request.
        var isNew = request.Guidance is not null && !ReferenceEquals(guided[client], request.Guidance);
        guided[client] = request.Guidance ?? guided[client];
        Interlocked.Add(ref down, sizeof(float) * ((long)request.Weights.Length + request.Buffers.Length + (request.Correction?.Length ?? 0) + (isNew ? request.Guidance!.Length : 0)));
        try
        {
            var update = await clients[client].TrainAsync(request with { Seed = SeededRandom.At(options.Seed, 865, client, request.Round).NextSeed() }, stop).ConfigureAwait(false);
            if (update.Delta.Length != request.Weights.Length || update.Buffers.Length != request.Buffers.Length)
                return new Answer(null, $"its answer has {update.Delta.Length} weights, {request.Weights.Length} were expected");
            Interlocked.Add(ref up, sizeof(float) * ((long)update.Delta.Length + update.Buffers.Length));
            return new Answer(update with { Client = client }, null);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // A client may fail in any way.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new Answer(null, e.Message);
        }
    }

    private async Task WaitAsync(Task<Answer>[] tasks)
    {
        var all = Task.WhenAll(tasks);
        if (options.Deadline is not { } deadline)
        {
            await all.ConfigureAwait(false);
            return;
        }
        await Task.WhenAny(all, Task.Delay(deadline, options.Time, stop)).ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
    }

    private static bool IsFinite(ClientUpdate update) => update.Delta.All(float.IsFinite) && update.Buffers.All(float.IsFinite);

    private (double Accuracy, double Loss) Evaluate(TensorDataset test)
    {
        using var scope = NewDisposeScope();
        using var loss = Trainer.DefaultLoss(test);
        var scores = TrainedModel.Scores(Model, test.Inputs);
        using var _ = no_grad();
        return (test.IsClassification ? scores.argmax(1).eq(test.Targets).to(float64).mean().item<double>() : double.NaN, loss.call(scores, test.Targets).ToDouble());
    }

    private void SetModel()
    {
        ModelVector.SetWeights(Model, weights);
        if (buffers.Length > 0)
            ModelVector.SetBuffers(Model, buffers);
        Model.eval();
    }

    private void Add(FederatedRound round)
    {
        rounds.Add(round);
        options.Record?.Invoke(round);
    }

    // The first of its sort only: a failing client fails often.
    private void Warn(string text)
    {
        lock (warnings)
        {
            var sort = new string([.. text.Where(c => !char.IsAsciiDigit(c))]);
            if (warnings.Any(w => new string([.. w.Where(c => !char.IsAsciiDigit(c))]) == sort))
                return;
            warnings.Add(text);
        }
        options.Warn?.Invoke(text);
    }
}
