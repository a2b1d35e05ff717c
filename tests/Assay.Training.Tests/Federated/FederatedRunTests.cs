using System.Collections.Immutable;
using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class FederatedRunTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("assay-federated").FullName;
    private readonly List<IDisposable> owned = [];

    public void Dispose()
    {
        foreach (var one in owned)
            one.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static TensorDataset Blobs(int count, long seed)
    {
        var random = new SeededRandom(seed);
        var (x, y) = (new float[count * 2], new long[count]);
        for (var i = 0; i < count; i++)
        {
            var c = random.Next(3);
            y[i] = c;
            x[2 * i] = (float)(2 * Math.Cos(c * 2.1) + random.NextGaussian());
            x[2 * i + 1] = (float)(2 * Math.Sin(c * 2.1) + random.NextGaussian());
        }
        return new TensorDataset(tensor(x, count, 2), tensor(y), 3);
    }

    private static nn.Module<Tensor, Tensor> Model() => new Mlp([2, 8, 3], new SeededRandom(1));

    private ImmutableArray<IFederatedClient> Clients(int count, int examples = 40, Func<nn.Module<Tensor, Tensor>>? model = null)
    {
        var pool = new ClientPool(model ?? Model);
        owned.Add(pool);
        return [.. Enumerable.Range(0, count).Select(k =>
        {
            // Unequal in size, each with a favourite class.
            var all = Blobs(examples * (k + 1), 10 + k);
            owned.Add(all);
            return (IFederatedClient)new LocalClient(k, all, pool);
        })];
    }

    private static readonly FederatedOptions Quick = new() { Rounds = 4, Fraction = 0.6, LocalEpochs = 2, BatchSize = 16, Seed = 3 };

    private static async Task<(float[] Weights, FederatedResult Result)> Run(ImmutableArray<IFederatedClient> clients, FederatedMethod method, FederatedOptions? options = null, TensorDataset? test = null, Func<nn.Module<Tensor, Tensor>>? model = null)
    {
        var result = await new FederatedRun(model ?? Model, clients, method, options ?? Quick).RunAsync(test);
        using (result)
            return (ModelVector.Weights(result.Model), result);
    }

    private static FedLex Lex(GuidanceControl control = GuidanceControl.None, GuidanceTarget? target = null, double explorers = 0.5) =>
        new(new FedLexOptions { Epochs = 2, Patience = 2, WarmUp = 0, Control = control, ApplyTo = target, Explorers = explorers });

    [Fact]
    public async Task All_methods_learn()
    {
        using var test = Blobs(300, 99);
        foreach (var method in (FederatedMethod[])[new FedAvg(), new FedAvg(momentum: 0.5), new FedProx(0.1), new Scaffold(), new FedNova(), new FedAdam(0.05), Lex()])
        {
            var (_, result) = await Run(Clients(5), method, Quick with { Rounds = 12, Optimizer = new Sgd(0.1, momentum: 0) }, test);
            Assert.True(result.Rounds[^1].Accuracy > 0.8, $"{method.Name}: {result.Rounds[^1].Accuracy}");
            Assert.Equal(12, result.Rounds[^1].Round);
            Assert.True(result.RoundsTo(0.6) <= 12);
        }
    }

    [Fact]
    public async Task Guidance_of_ones_is_federated_averaging_bit_for_bit()
    {
        var (plain, _) = await Run(Clients(5), new FedAvg());
        var (ones, result) = await Run(Clients(5), Lex(GuidanceControl.Ones));
        Assert.Equal(plain, ones);
        Assert.All(result.Guidance!.Values, g => Assert.Equal(1, g));
        var (guided, _) = await Run(Clients(5), Lex());
        Assert.NotEqual(plain, guided);
        Assert.NotEqual(guided, (await Run(Clients(5), Lex(GuidanceControl.Permuted))).Weights);
    }

    [Fact]
    public async Task Guidance_of_zeros_leaves_the_weights_unchanged()
    {
        var client = Clients(1)[0];
        var start = ModelVector.Weights(Model());
        var update = await client.TrainAsync(Request(start) with { Guidance = new float[start.Length] }, default);
        Assert.All(update.Delta, d => Assert.Equal(0, d));
        await Assert.ThrowsAsync<ArgumentException>(() => client.TrainAsync(Request(start) with { Guidance = [1, 2] }, default));
    }

    private static ClientRequest Request(float[] start, OptimizerSpec? optimizer = null) => new()
    {
        Round = 1, Seed = 5, Weights = start, Epochs = 2, BatchSize = 16, Optimizer = optimizer ?? new Sgd(0.1, momentum: 0),
    };

    [Fact]
    public async Task One_client_is_local_training()
    {
        var clients = Clients(1);
        var options = Quick with { Rounds = 1, Fraction = 1 };
        var (federated, _) = await Run(clients, Lex(GuidanceControl.Ones, explorers: 1), options);
        using var model = Model();
        using var data = Blobs(40, 10);
        new Trainer(new TrainingOptions { Epochs = 2, BatchSize = 16, Optimizer = options.Optimizer, Seed = SeededRandom.At(3, 865, 0, 1).NextSeed() }).Fit(model, data);
        Assert.All(ModelVector.Weights(model).Zip(federated), p => Assert.Equal(p.First, p.Second, 1e-6f));
    }

    // Adam divides by √v, which holds the same factor: only ε tells the difference.
    [Fact]
    public async Task Adam_undoes_guidance_of_the_gradient_but_not_of_the_update()
    {
        var client = Clients(1)[0];
        var start = ModelVector.Weights(Model());
        var random = new SeededRandom(4);
        float[] guidance = [.. start.Select(_ => (float)random.NextDouble(0.2, 1))];
        var request = Request(start, new Adam(0.01, epsilon: 1e-20));
        var plain = (await client.TrainAsync(request, default)).Delta;
        var gradient = (await client.TrainAsync(request with { Guidance = guidance }, default)).Delta;
        var update = (await client.TrainAsync(request with { Guidance = guidance, ApplyTo = GuidanceTarget.Update }, default)).Delta;
        Assert.All(plain.Zip(gradient), p => Assert.Equal(p.First, p.Second, 1e-5f));
        Assert.Contains(plain.Zip(update), p => Math.Abs(p.First - p.Second) > 1e-3f);
    }

    [Fact]
    public async Task Answers_are_weighted_by_examples_whatever_their_order()
    {
        Fixed Answer(int k, int n, float delta) => new(new ClientUpdate { Client = k, Examples = n, Delta = [.. Enumerable.Repeat(delta, 51)], Steps = 1, Loss = 1 });
        var start = ModelVector.Weights(Model());
        Assert.Equal(51, start.Length);
        var options = Quick with { Rounds = 1, Fraction = 1 };
        var (weights, _) = await Run([Answer(0, 1, 4), Answer(1, 3, 0)], new FedAvg(), options);
        Assert.All(weights.Zip(start), p => Assert.Equal(1, p.First - p.Second, 1e-6f));
        // The first answer comes last: the result is the same.
        var slow = Answer(0, 1, 4);
        slow.Delay = 30;
        Assert.Equal(weights, (await Run([slow, Answer(1, 3, 0)], new FedAvg(), options)).Weights);
    }

    [Fact]
    public async Task Nova_divides_by_the_steps_and_scaffold_takes_out_the_drift()
    {
        Fixed Answer(int k, int steps, float delta) => new(new ClientUpdate { Client = k, Examples = 1, Delta = [.. Enumerable.Repeat(delta, 51)], Steps = steps });
        var start = ModelVector.Weights(Model());
        var options = Quick with { Rounds = 1, Fraction = 1 };
        // τ_eff = ½·1 + ½·4 = 2.5; directions 1 and 2: 2.5·(½·1 + ½·2) = 3.75, where averaging gives ½·1 + ½·8 = 4.5.
        var (nova, _) = await Run([Answer(0, 1, 1), Answer(1, 4, 8)], new FedNova(), options);
        Assert.All(nova.Zip(start), p => Assert.Equal(3.75f, p.First - p.Second, 1e-5f));
        Assert.Equal(3, FedNova.PathLength(3, 0));
        Assert.Equal(1 + 1.9 + 2.71, FedNova.PathLength(3, 0.9), 1e-12);
        var (a, b) = (Answer(0, 2, -1), Answer(1, 2, 1));
        await Run([a, b], new Scaffold(), options with { Rounds = 2, Optimizer = new Sgd(0.5, momentum: 0) });
        // c_i = −Δ_i/(2·0.5) = 1 and −1, c = 0: the second round corrects by c − c_i.
        Assert.All(a.Last!.Correction!, v => Assert.Equal(-1, v, 1e-6f));
        Assert.All(b.Last!.Correction!, v => Assert.Equal(1, v, 1e-6f));
    }

    [Fact]
    public async Task The_proximal_term_holds_clients_back()
    {
        var client = Clients(1)[0];
        var start = ModelVector.Weights(Model());
        double Norm(ClientUpdate u) => Math.Sqrt(u.Delta.Sum(d => (double)d * d));
        var free = Norm(await client.TrainAsync(Request(start), default));
        var held = Norm(await client.TrainAsync(Request(start) with { Proximal = 5 }, default));
        Assert.True(held < 0.6 * free, $"{held} {free}");
    }

    [Fact]
    public async Task A_federation_bears_failures_nonsense_and_late_answers()
    {
        using var test = Blobs(300, 99);
        ImmutableArray<IFederatedClient> Faulty(ClientFaults faults) => [.. Clients(6).Select((c, k) => new FaultyClient(c, faults, k))];
        var options = Quick with { Rounds = 15, Fraction = 0.7, Optimizer = new Sgd(0.1, momentum: 0) };
        foreach (var late in (LateAnswers[])[LateAnswers.Discard, LateAnswers.Discount])
        {
            var (weights, result) = await Run(Faulty(new ClientFaults(0.2, 0.2, 0.3)), new FedAvg(), options with { Late = late }, test);
            Assert.All(weights, w => Assert.True(float.IsFinite(w)));
            Assert.True(result.Rounds[^1].Accuracy > 0.75);
            Assert.True(result.Rounds.Sum(r => r.Failed) > 0 && result.Rounds.Sum(r => r.NonFinite) > 0 && result.Rounds.Sum(r => r.Late) > 0);
            Assert.Contains(result.Warnings, w => w.Contains("cannot be reached", StringComparison.Ordinal));
            Assert.Equal(weights, (await Run(Faulty(new ClientFaults(0.2, 0.2, 0.3)), new FedAvg(), options with { Late = late }, test)).Weights);
        }
        var (none, all) = await Run(Faulty(new ClientFaults(Fail: 1)), Lex(), Quick);
        Assert.Equal(ModelVector.Weights(Model()), none);
        Assert.Contains(all.Warnings, w => w.Contains("no explorer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_straggler_misses_the_deadline_is_not_asked_meanwhile_and_joins_later()
    {
        var slow = new Fixed(new ClientUpdate { Client = 1, Examples = 40, Delta = [.. Enumerable.Repeat(0.01f, 51)], Steps = 1 }) { Gate = new TaskCompletionSource() };
        var quick = Clients(1)[0];
        var rounds = new List<FederatedRound>();
        var options = Quick with
        {
            Fraction = 1, Deadline = TimeSpan.FromMilliseconds(400), Late = LateAnswers.Discount,
            Record = r =>
            {
                rounds.Add(r);
                if (r.Round == 2)
                    slow.Gate.SetResult();
            },
        };
        await Run([quick, slow], new FedAvg(), options);
        Assert.Equal((2, 1, 1), (rounds[0].Asked, rounds[0].Answered, rounds[0].Late));
        Assert.Equal((1, 0), (rounds[1].Asked, rounds[1].Late));
        Assert.Equal(2, rounds.Skip(2).Max(r => r.Answered));
    }

    [Fact]
    public async Task A_killed_run_resumes_to_the_same_weights()
    {
        foreach (var method in (FederatedMethod[])[new Scaffold(), Lex(explorers: 1), new FedAvg(momentum: 0.5), new FedAdam()])
        {
            var options = Quick with { Late = LateAnswers.Discount };
            ImmutableArray<IFederatedClient> Make() => [.. Clients(5).Select((c, k) => new FaultyClient(c, new ClientFaults(Late: 0.4), k))];
            var (whole, _) = await Run(Make(), method, options);
            var where = options with { CheckpointFolder = Path.Combine(folder, method.Name) };
            using var source = new CancellationTokenSource();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new FederatedRun(Model, Make(), method, where with
            {
                Record = r =>
                {
                    if (r.Round == 2)
                        source.Cancel();
                },
            }).RunAsync(null, source.Token));
            var (resumed, result) = await Run(Make(), method, where);
            Assert.True(result.ResumedFrom > 0);
            Assert.Equal(whole, resumed);
            await Assert.ThrowsAsync<InvalidDataException>(() => Run(Make(), method, where with { Seed = 4 }));
        }
    }

    [Fact]
    public async Task Running_statistics_are_averaged_without_guidance()
    {
        static nn.Module<Tensor, Tensor> Normalized() => new NormalizedMlp([2, 4, 3], new SeededRandom(1));
        var (_, result) = await Run(Clients(3, model: Normalized), Lex(), Quick with { Rounds = 1, Fraction = 1 }, model: Normalized);
        Assert.Equal(1, result.Rounds[^1].Round);
        using var again = await new FederatedRun(Normalized, Clients(3, model: Normalized), new FedAvg(), Quick with { Rounds = 2 }).RunAsync();
        Assert.Contains(ModelVector.Buffers(again.Model), b => b is not (0 or 1));
    }

    [Fact]
    public async Task Clients_without_data_are_never_asked_and_bytes_are_counted()
    {
        var pool = new ClientPool(Model);
        owned.Add(pool);
        var (_, result) = await Run([.. Clients(2), new LocalClient(2, null, pool)], new FedAvg(), Quick with { Fraction = 1, Rounds = 2 });
        Assert.Contains(result.Warnings, w => w.Contains("no data", StringComparison.Ordinal));
        Assert.Equal((2 * 2 * 51 * 4L, 2 * 2 * 51 * 4L), (result.Rounds[^1].BytesUp, result.Rounds[^1].BytesDown));
        // Exploration: the weights of one explorer down and up; then the matrix once to each client.
        var (_, lex) = await Run(Clients(2), Lex(), Quick with { Fraction = 1, Rounds = 2 });
        Assert.Equal((5 * 51 * 4L, 7 * 51 * 4L), (lex.Rounds[^1].BytesUp, lex.Rounds[^1].BytesDown));
        await Assert.ThrowsAsync<ArgumentException>(() => new FederatedRun(Model, [new LocalClient(0, null, pool)], new FedAvg()).RunAsync());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Run(Clients(1), new FedAvg(), Quick with { Fraction = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FedLex(new FedLexOptions { Explorers = 0 }));
    }

    [Fact]
    public void A_recipe_names_the_federation()
    {
        var catalog = MethodCatalog.Of(typeof(FederatedTraining).Assembly);
        var algorithm = catalog.Create<TrainingAlgorithm>("federated(model: mlp(8), method: fedlex(epochs: 2, explorers: 0.5), split: pathological(2), clients: 5, rounds: 4, fail: 0.1, optimizer: sgd(0.1, momentum: 0))");
        using var train = Blobs(300, 1);
        using var test = Blobs(200, 2);
        using var trained = algorithm.Fit(train, test, new TrainingContext { Seed = 1 });
        Assert.Equal(4, trained.Trace.Curve("validation/accuracy").Count());
        Assert.Equal(trained.Trace.Last("validation/accuracy"), trained.Accuracy(test), 1e-9);
    }

    /// <summary>A client with a prepared answer.</summary>
    private sealed class Fixed(ClientUpdate update) : IFederatedClient
    {
        public int Delay { get; set; }

        public TaskCompletionSource? Gate { get; init; }

        public ClientRequest? Last { get; private set; }

        public int Examples => update.Examples;

        public async Task<ClientUpdate> TrainAsync(ClientRequest request, CancellationToken cancellation)
        {
            Last = request;
            if (Delay > 0)
                await Task.Delay(Delay, cancellation);
            if (Gate is not null)
                await Gate.Task;
            return update;
        }
    }
}
