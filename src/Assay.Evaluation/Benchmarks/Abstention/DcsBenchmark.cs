using System.Collections.Immutable;
using Microsoft.Extensions.AI;

namespace Assay.Evaluation;

/// <summary>How a model's answer distribution is found by sampling.</summary>
public sealed record DcsSampling
{
    /// <summary>The number of samples of each item.</summary>
    public int Samples { get; init; } = 20;

    /// <summary>The temperature.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Whether a reply that names no option counts as wrong; otherwise it is left out.</summary>
    public bool CountUnparsableAsWrong { get; init; } = true;

    /// <summary>The model's name in the report, and its id for the client.</summary>
    public string? ModelId { get; init; }
}

/// <summary>Gets answer distributions from models.</summary>
public static class DcsBenchmark
{
    private const string Rules =
        "Answer only if you are confident. A right answer scores, a wrong one may cost points, and choosing not to know gives 0 points.";

    /// <summary>
    /// Samples a chat model's answers; frequencies are the probabilities, each with the binomial error √(p(1 − p)/N). Chat clients expose no
    /// log-probabilities in a common way; where a model can give likelihoods, use <see cref="ByLikelihood"/>.
    /// </summary>
    /// <param name="client">The chat model.</param>
    /// <param name="items">The items; an abstention is added where one lacks it.</param>
    /// <param name="sampling">How, or null.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>The distributions, and how many replies named no option.</returns>
    public static async Task<(ImmutableArray<AnswerDistribution> Answers, int Unparsable)> SampleAsync(
        IChatClient client, IReadOnlyList<QuestionItem> items, DcsSampling? sampling = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(items);
        sampling ??= new DcsSampling();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sampling.Samples);
        var answers = ImmutableArray.CreateBuilder<AnswerDistribution>();
        var unparsable = 0;
        foreach (var given in items)
        {
            var item = given.WithIdk();
            var prompt = $"{Rules}\n\n{Answering.Prompt(item, item.Question)}";
            var counts = new int[item.Choices.Length + 1];
            for (var s = 0; s < sampling.Samples; s++)
            {
                var response = await client.GetResponseAsync([new ChatMessage(ChatRole.User, prompt)], new ChatOptions { Temperature = (float)sampling.Temperature, ModelId = sampling.ModelId, Seed = s }, cancellation).ConfigureAwait(false);
                var choice = Answering.Parse(response.Text, item.Choices.Length);
                counts[choice < 0 ? ^1 : choice]++;
            }
            unparsable += counts[^1];
            if (!sampling.CountUnparsableAsWrong)
                counts[^1] = 0;
            var total = counts.Sum();
            if (total > 0)
                answers.Add(new AnswerDistribution(sampling.ModelId ?? "model", item.Id, item.Subject, [.. counts.Select(c => (double)c / total)], item.Correct, item.Idk));
        }
        return (answers.ToImmutable(), unparsable);
    }

    /// <summary>Distributions from a model that gives log-likelihoods of continuations. An item whose options are all impossible is left out.</summary>
    /// <param name="logLikelihood">The log-likelihood of a continuation (with its leading space) after a prompt.</param>
    /// <param name="items">The items; an abstention is added where one lacks it.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="normaliseLength">Whether log-likelihoods are divided by the number of characters.</param>
    public static (ImmutableArray<AnswerDistribution> Answers, ImmutableArray<string> Excluded) ByLikelihood(
        Func<string, string, double> logLikelihood, IReadOnlyList<QuestionItem> items, string model = "model", bool normaliseLength = true)
    {
        ArgumentNullException.ThrowIfNull(logLikelihood);
        ArgumentNullException.ThrowIfNull(items);
        var (answers, excluded) = (ImmutableArray.CreateBuilder<AnswerDistribution>(), ImmutableArray.CreateBuilder<string>());
        foreach (var given in items)
        {
            var item = given.WithIdk();
            var prompt = $"{Rules}\n\nQuestion: {item.Question}\nAnswer:";
            string[] options = [.. item.Choices.Select(c => $" {c}")];
            double[] scores = [.. options.Select(o => logLikelihood(prompt, o))];
            if (scores.All(double.IsNegativeInfinity))
                excluded.Add($"{item.Id}: every option has the log-likelihood −∞");
            else
                answers.Add(new AnswerDistribution(model, item.Id, item.Subject, [.. DistributionalCorrectness.Probabilities(scores, normaliseLength ? [.. options.Select(o => o.Length)] : [])], item.Correct, item.Idk));
        }
        return (answers.ToImmutable(), excluded.ToImmutable());
    }
}
