export const job = {
};
