using System.Collections.Concurrent;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>Models and threads that the clients of one simulation share, so that each request does not build its own.</summary>
/// <param name="model">Builds a model; only its architecture counts.</param>
/// <param name="threads">How many clients train at a time; 0 takes one a core.</param>
public sealed class ClientPool(Func<nn.Module<Tensor, Tensor>> model, int threads = 0) : IDisposable
{
    private readonly Func<nn.Module<Tensor, Tensor>> model = model ?? throw new ArgumentNullException(nameof(model));
    private readonly SemaphoreSlim free = new(threads > 0 ? threads : Environment.ProcessorCount);
    private readonly ConcurrentBag<nn.Module<Tensor, Tensor>> idle = [];

    internal async Task<T> RunAsync<T>(Func<nn.Module<Tensor, Tensor>, T> work, CancellationToken cancellation)
    {
        await free.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            // A thread of its own: torch's number of threads is a setting of the thread.
            return await Task.Factory.StartNew(() =>
            {
                set_num_threads(1);
                var taken = idle.TryTake(out var one) ? one : model();
                try
                {
                    return work(taken);
                }
                finally
                {
                    idle.Add(taken);
                }
            }, cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        }
        finally
        {
            free.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var one in idle)
            one.Dispose();
        free.Dispose();
    }
}

/// <summary>A client whose data lie in this process.</summary>
/// <param name="number">Its number, unique in the federation.</param>
/// <param name="data">Its examples, or null for none.</param>
/// <param name="pool">The models that it borrows.</param>
/// <param name="loss">The loss; null takes the one that fits the data.</param>
public sealed class LocalClient(int number, TensorDataset? data, ClientPool pool, Func<nn.Module<Tensor, Tensor, Tensor>>? loss = null) : IFederatedClient
{
    /// <inheritdoc/>
    public int Examples => data?.Count ?? 0;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The client has no data.</exception>
    /// <exception cref="NonFiniteLossException">A loss is infinite or NaN.</exception>
    public Task<ClientUpdate> TrainAsync(ClientRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(pool);
        return data is null
            ? throw new InvalidOperationException($"client {number} has no data to train on")
            : pool.RunAsync(model => Train(model, request, data, cancellation), cancellation);
    }

    private ClientUpdate Train(nn.Module<Tensor, Tensor> model, ClientRequest request, TensorDataset own, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        ModelVector.SetWeights(model, request.Weights);
        if (request.Buffers.Length > 0)
            ModelVector.SetBuffers(model, request.Buffers);
        using var term = loss?.Invoke();
        using var hook = new LocalStep(request);
        var options = new TrainingOptions
        {
            Epochs = request.Epochs, BatchSize = request.BatchSize, Optimizer = request.Optimizer, ClipNorm = request.ClipNorm, Seed = request.Seed, Loss = term,
        };
        var result = new Trainer(options, hook).Fit(model, own, cancellation: cancellation);
        var delta = ModelVector.Weights(model);
        System.Numerics.Tensors.TensorPrimitives.Subtract(delta, request.Weights, delta);
        return new ClientUpdate { Client = number, Examples = own.Count, Delta = delta, Buffers = ModelVector.Buffers(model), Steps = (int)result.Steps, Loss = result.Trace.Last("train/loss") };
    }

    /// <summary>The parts of a local step that differ between federated methods.</summary>
    private sealed class LocalStep(ClientRequest request) : TrainerHook, IDisposable
    {
        private readonly EarlyStoppingRule? stopping = request.Patience > 0 ? new EarlyStoppingRule(request.Patience) : null;
        private Tensor? start, correction, guidance, before;
        private double last;

        public override void OnStart(TrainerState state)
        {
            var parameters = state.Optimizer.Parameters;
            if (request.Proximal > 0)
                start = parameters.Values.clone().DetachFromDisposeScope();
            correction = request.Correction is null ? null : Scattered(parameters, request.Correction);
            guidance = request.Guidance is null ? null : Scattered(parameters, request.Guidance);
            before = guidance is not null && request.ApplyTo == GuidanceTarget.Update ? empty_like(parameters.Values).DetachFromDisposeScope() : null;
        }

        public override void OnGradients(TrainerState state)
        {
            using var scope = NewDisposeScope();
            var (values, gradients) = (state.Optimizer.Parameters.Values, state.Optimizer.Parameters.Gradients);
            if (start is not null)
                gradients.add_(values.sub(start), request.Proximal);
            if (correction is not null)
                gradients.add_(correction);
            if (guidance is null)
                return;
            if (before is null)
                gradients.mul_(guidance);
            else
                before.copy_(values);
        }

        public override void OnStep(TrainerState state, double loss)
        {
            last = loss;
            if (before is null)
                return;
            // w ← w_old + G ⊙ (w_new − w_old)
            using var scope = NewDisposeScope();
            var values = state.Optimizer.Parameters.Values;
            values.sub_(before).mul_(guidance!).add_(before);
        }

        public override void OnEpochEnd(TrainerState state)
        {
            stopping?.Update(last);
            state.StopRequested |= stopping?.ShouldStop ?? false;
        }

        // Parameters lie in the trainer's buffer with gaps between them.
        private static Tensor Scattered(FlatParameters parameters, float[] vector)
        {
            var total = parameters.Segments.Sum(s => s.Length);
            if (vector.Length != total)
                throw new ArgumentException($"a vector of {total} numbers was expected, one for each weight, not {vector.Length}", nameof(vector));
            var all = zeros_like(parameters.Values).DetachFromDisposeScope();
            var at = 0;
            foreach (var segment in parameters.Segments)
            {
                vector.AsSpan(at, segment.Length).CopyTo(FlatParameters.Span(all).Slice((int)segment.Offset, segment.Length));
                at += segment.Length;
            }
            return all;
        }

        public void Dispose()
        {
            start?.Dispose();
            correction?.Dispose();
            guidance?.Dispose();
            before?.Dispose();
        }
    }
}
