using Assay.Statistics;
using Microsoft.Extensions.AI;

namespace Assay.Evaluation;

/// <summary>Lets a chat model reword questions; μ is its temperature, as in the paper. A wording that fails the check is asked for again.</summary>
/// <param name="client">The chat model.</param>
/// <param name="modelId">The model's id, or null for the client's own.</param>
[Method("chat-rephraser", Paper = 59, Kind = MethodKind.Transform)]
public sealed class ChatRephraser(IChatClient client, string? modelId = null) : Rephraser
{
    private const string Instruction =
        "Reword the question that the user sends. Keep its meaning exactly: the same facts, numbers, names, quoted text and negations. "
        + "Do not answer it, add no hint, and do not mention options. Reply with the reworded question alone.";

    private readonly IChatClient client = client ?? throw new ArgumentNullException(nameof(client));

    /// <inheritdoc/>
    protected override async Task<string> ProposeAsync(string question, double mu, long seed, CancellationToken cancellation)
    {
        var response = await client.GetResponseAsync(
            [new ChatMessage(ChatRole.System, Instruction), new ChatMessage(ChatRole.User, question)],
            new ChatOptions { Temperature = (float)mu, Seed = seed, ModelId = modelId }, cancellation).ConfigureAwait(false);
        return response.Text.Trim();
    }
}
